"""Categories: the kinds of messages that people may choose not to get by mail."""

from pydantic import BaseModel, Field

from services.notifications.telling import store
from services.notifications.telling.api.paths import Plain
from services.notifications.telling.model import Category
from shared.http.auth import Principal
from shared.http.keys import OPERATOR
from shared.http.openapi import ONLY_OPERATORS
from shared.http.router import Router, Tx

router = Router(prefix="/categories", tags=["categories"])


class CategoryBody(BaseModel):
    """What a category is called, and why its messages come. The reason names no community."""

    title: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=300)


class Categories(BaseModel):
    """Every category there is."""

    items: list[Category]
    next: None = None


@router.get("")
async def list_categories(me: Principal, tx: Tx) -> Categories:
    """Every category there is."""
    return Categories(items=[*(await store.categories(tx)).values()])


@router.put("/{category}", responses=ONLY_OPERATORS)
async def describe_category(category: Plain, body: CategoryBody, me: Principal, tx: Tx) -> Category:
    """From now on a category is called this, and its messages say why they come."""
    me.require_scope(OPERATOR)
    described = Category(category=category, title=body.title, reason=body.reason)
    store.save_category(tx, described)
    return described
