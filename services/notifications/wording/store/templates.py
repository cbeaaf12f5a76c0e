"""Templates with all their versions; version 0 came with the software."""

from datetime import datetime
from typing import Any

from services.notifications.wording.model import NEUTRAL, Draft, Template
from services.notifications.wording.store import built_in
from shared.errors import Changed, NotFound
from shared.storage.unit_of_work import Transaction

TEMPLATES = "templates"
CURRENT = "newest versions of templates"


async def template(tx: Transaction, template_id: str, version: int | None = None) -> Template:
    """A version of a template, or its newest."""
    if version == 0:
        wanted = built_in.templates().get(template_id)
    else:
        where: dict[str, Any] = {"template_id": template_id}
        if version is not None:
            where["version"] = version
        saved = await tx.find(TEMPLATES, where, sort=[("version", -1)], limit=1)
        newest = built_in.templates().get(template_id) if version is None else None
        wanted = _template(saved[0]) if saved else newest
    if wanted is None:
        raise NotFound(
            f"There is no template {template_id}{f', version {version}' if version else ''}."
        )
    return wanted


async def current_version(tx: Transaction, template_id: str) -> int:
    """The newest version of a template, read once a transaction."""
    known: dict[str, int] = tx.cache.setdefault(CURRENT, {})
    if template_id not in known:
        known[template_id] = (await template(tx, template_id)).version
    return known[template_id]


async def neutral_template(tx: Transaction) -> Template:
    """The words for mails of confidential communities."""
    return await template(tx, NEUTRAL)


async def templates(tx: Transaction) -> dict[str, Template]:
    """The newest version of every template, by its id."""
    newest = dict(built_in.templates())
    for document in await tx.find(TEMPLATES, {}, sort=[("template_id", 1), ("version", 1)]):
        newest[document["template_id"]] = _template(document)
    return dict(sorted(newest.items()))


async def versions(tx: Transaction, template_id: str) -> list[Template]:
    """Every version of a template, the newest first."""
    documents = await tx.find(TEMPLATES, {"template_id": template_id}, sort=[("version", -1)])
    saved = [_template(document) for document in documents]
    first = built_in.templates().get(template_id)
    return [*saved, first] if first else saved


async def save_template(
    tx: Transaction, template_id: str, draft: Draft, by: str, at: datetime
) -> Template:
    """Keep a new version, which new notices use from the commit on."""
    kept = await versions(tx, template_id)
    last = kept[0].version if kept else -1
    if tx.expected_version not in (None, last):
        raise Changed(f"It is at version {last} now. Read it again, then decide.")
    saved = Template(
        **dict(draft), template_id=template_id, version=max(last, 0) + 1, saved_at=at, saved_by=by
    )
    document = {"_id": f"{template_id}:{saved.version}", **saved.model_dump()}
    tx.insert_later(TEMPLATES, document)
    tx.version = saved.version
    return saved


def _template(document: dict[str, Any]) -> Template:
    return Template.model_validate({k: v for k, v in document.items() if k != "_id"})
