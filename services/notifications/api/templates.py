"""Templates are versioned data: what notices say."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from services.notifications import channels, store
from services.notifications.api.paths import Plain
from services.notifications.api.steps import Step
from services.notifications.model import (
    NEUTRAL,
    Draft,
    Template,
    preview,
    require_workable_template,
)
from shared.errors import NotFound
from shared.http.auth import Principal
from shared.http.keys import OPERATOR
from shared.http.openapi import ONLY_OPERATORS
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.types.clock import Moment, now

router = Router(prefix="/templates", tags=["templates"], responses=ONLY_OPERATORS)
Version = Annotated[int, Query(ge=0, le=2**31)]


class TemplateBody(Draft):
    """A template as it is to be. What one that was read says besides may stand there, and is not read."""

    template_id: str | None = None
    version: int | None = None
    saved_at: Moment | None = None
    saved_by: str | None = None


class Templates(BaseModel):
    """One page of templates, each in its newest version; or of the versions of one."""

    items: list[Template]
    next: str | None


class Trial(BaseModel):
    """What to preview: the newest version, or a draft; with sample values, or with these."""

    draft: Draft | None = None
    rule_id: str | None = None
    """The rule whose events bring the values; without it, the first that uses the template."""
    data: dict[str, Any] = Field(default_factory=dict)
    """Values of the event's data, over the sample's."""


class Preview(BaseModel):
    """A message as it would arrive."""

    subject: str
    text: str
    html: str
    action: Step | None


@router.get("")
async def list_templates(me: Principal, tx: Tx, page: Paging) -> Templates:
    """Every template in its newest version, by its id."""
    me.require_scope(OPERATOR)
    (last,) = page.position(str) or ("",)
    found = [one for id, one in (await store.templates(tx)).items() if id > last]
    items, following = page.cut(found, lambda template: (template.template_id,))
    return Templates(items=[*items], next=following)


@router.get("/{template_id}")
async def read_template(
    template_id: str, me: Principal, tx: Tx, version: Version | None = None
) -> Template:
    """The newest version, or the one asked for."""
    me.require_scope(OPERATOR)
    found = await store.template(tx, template_id, version)
    tx.version = found.version or None
    tx.tag()
    return found


@router.get("/{template_id}/versions")
async def list_versions(template_id: str, me: Principal, tx: Tx) -> Templates:
    """Every version, the newest first; 0 came with the software."""
    me.require_scope(OPERATOR)
    found = await store.versions(tx, template_id)
    if not found:
        raise NotFound(f"There is no template {template_id}.")
    return Templates(items=found, next=None)


@router.put("/{template_id}")
async def save_template(template_id: Plain, body: TemplateBody, me: Principal, tx: Tx) -> Template:
    """A new version, which notices use from now on. What was told before keeps its words.

    422, naming it, when a variable is unknown to one of the rules that use the template.
    """
    me.require_scope(OPERATOR)
    draft = Draft.model_validate({name: getattr(body, name) for name in Draft.model_fields})
    users = [rule for rule, _ in (await store.rules(tx)).values() if rule.template == template_id]
    require_workable_template(template_id, draft, users)
    saved = await store.save_template(tx, template_id, draft, me.person_id, now())
    tx.tag()
    return saved


@router.post("/{template_id}/preview")
async def preview_template(template_id: str, trial: Trial, me: Principal, tx: Tx) -> Preview:
    """How a message would read. Nothing is saved, and nobody is told."""
    me.require_scope(OPERATOR)
    draft = trial.draft or await store.template(tx, template_id)
    rules = await store.rules(tx)
    if trial.rule_id:
        users = [await store.rule(tx, trial.rule_id)]
    else:
        users = [rule for rule, _ in rules.values() if rule.template == template_id]
    require_workable_template(template_id, draft, users)
    told = preview(draft, users[0] if users else None, trial.data, neutral=template_id == NEUTRAL)
    category = users[0].category if users else "announcement"
    why = await store.category(tx, "announcement" if category.startswith("data.") else category)
    around = (why.reason, "https://example.org/unsubscribe")
    return Preview(
        subject=told.subject,
        text=channels.plain(told, *around),
        html=channels.html(told, *around),
        action=Step.of(told),
    )
