"""Categories: those that came with the software, that operators described, and that events named."""

from services.notifications.telling.model import Category
from services.notifications.telling.store import built_in
from shared.storage.unit_of_work import Transaction


async def categories(tx: Transaction) -> dict[str, Category]:
    """Every category that is known, by its id."""
    known = dict(built_in.categories())
    for document in await tx.find("categories", {}):
        document.pop("_id")
        known[document["category"]] = Category.model_validate(document)
    return dict(sorted(known.items()))


async def category(tx: Transaction, category: str) -> Category:
    """One category; what nobody described is described by its name."""
    document = await tx.get("categories", category)
    if document:
        document.pop("_id")
        return Category.model_validate(document)
    return built_in.categories().get(category) or Category.plain(category)


def know_category(tx: Transaction, category: str) -> None:
    """From now on people may choose about this category."""
    if category not in built_in.categories():
        plain = Category.plain(category).model_dump()
        tx.update("categories", category, {"$setOnInsert": plain}, upsert=True)


def save_category(tx: Transaction, category: Category) -> None:
    tx.update("categories", category.category, {"$set": category.model_dump()}, upsert=True)
