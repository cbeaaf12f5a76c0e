"""Templates are versioned data: what notices say. Here, not with wording, since one is saved only if every rule can use it."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from services.notifications.telling.api.paths import Plain
from services.notifications.telling.model import Rule, preview, require_workable_template
from services.notifications.telling.store import category, rule, rules
from services.notifications.wording import store
from services.notifications.wording.api import Step
from services.notifications.wording.model import NEUTRAL, Draft, Template
from services.notifications.wording.rendering import html, plain
from shared.errors import NotFound
from shared.http.auth import Principal
from shared.http.keys import OPERATOR
from shared.http.openapi import ONLY_OPERATORS
from shared.http.paging import Paging
from shared.http.router import Router, Tx
from shared.types.clock import now

router = Router(prefix="/templates", tags=["templates"], responses=ONLY_OPERATORS)
Version = Annotated[int, Query(ge=0, le=2**31)]


class TemplateBody(Draft):
    """A template as it is to be. What one that was read says besides may stand there, and is not read."""

    template_id: str | None = None
    version: int | None = None
    saved_at: AwareDatetime | None = None
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
    newest = [kept for id, kept in (await store.templates(tx)).items() if id > last]
    items, following = page.cut(newest, lambda template: (template.template_id,))
    return Templates(items=[*items], next=following)


@router.get("/{template_id}")
async def read_template(
    template_id: str, me: Principal, tx: Tx, version: Version | None = None
) -> Template:
    """The newest version, or the one asked for."""
    me.require_scope(OPERATOR)
    template = await store.template(tx, template_id, version)
    tx.version = template.version or None
    tx.tag()
    return template


@router.get("/{template_id}/versions")
async def list_versions(template_id: str, me: Principal, tx: Tx) -> Templates:
    """Every version, the newest first; 0 came with the software."""
    me.require_scope(OPERATOR)
    versions = await store.versions(tx, template_id)
    if not versions:
        raise NotFound(f"There is no template {template_id}.")
    return Templates(items=versions, next=None)


@router.put("/{template_id}")
async def save_template(template_id: Plain, body: TemplateBody, me: Principal, tx: Tx) -> Template:
    """A new version, which notices use from now on. What was told before keeps its words.

    422, naming it, when a variable is unknown to one of the rules that use the template.
    """
    me.require_scope(OPERATOR)
    draft = Draft.model_validate({name: getattr(body, name) for name in Draft.model_fields})
    users = await _users(tx, template_id)
    require_workable_template(template_id, draft, users)
    saved = await store.save_template(tx, template_id, draft, me.person_id, now())
    tx.tag()
    return saved


@router.post("/{template_id}/preview")
async def preview_template(template_id: str, trial: Trial, me: Principal, tx: Tx) -> Preview:
    """How a message would read. Nothing is saved, and nobody is told."""
    me.require_scope(OPERATOR)
    draft = trial.draft or await store.template(tx, template_id)
    if trial.rule_id:
        users = [await rule(tx, trial.rule_id)]
    else:
        users = await _users(tx, template_id)
    require_workable_template(template_id, draft, users)
    first = users[0] if users else None
    message = preview(draft, first, trial.data, neutral=template_id == NEUTRAL)
    named = first.category if first and not first.category.startswith("data.") else "announcement"
    around = ((await category(tx, named)).reason, "https://example.org/unsubscribe")
    return Preview(
        subject=message.subject,
        text=plain(message, *around),
        html=html(message, *around),
        action=Step.of(message),
    )


async def _users(tx: Tx, template_id: str) -> list[Rule]:
    """The rules that use a template."""
    return [user for user, _ in (await rules(tx)).values() if user.template == template_id]
