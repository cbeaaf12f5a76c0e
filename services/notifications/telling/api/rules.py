"""Rules are data: which event is told to whom. Operators change them while everything runs."""

from fastapi import Response
from pydantic import BaseModel

from services.notifications.telling import store
from services.notifications.telling.api.paths import Plain
from services.notifications.telling.model import Rule, RuleDraft, require_workable_rule
from services.notifications.wording.store import templates
from shared.errors import Invalid, NotFound
from shared.http.auth import Principal
from shared.http.keys import OPERATOR
from shared.http.openapi import ONLY_OPERATORS
from shared.http.paging import Paging
from shared.http.router import Router, Tx

router = Router(prefix="/rules", tags=["rules"], responses=ONLY_OPERATORS)


class RuleBody(RuleDraft):
    """A rule as it is to be. What a rule that was read says besides may stand there, and is not read."""

    rule_id: str | None = None
    version: int | None = None
    built_in: bool | None = None


class RuleShown(Rule):
    """A rule in force."""

    version: int
    built_in: bool
    """Whether it is as it came with the software."""


class Rules(BaseModel):
    """One page of the rules in force."""

    items: list[RuleShown]
    next: str | None


class UnknownTemplate(Invalid):
    """There is no such template."""


@router.get("")
async def list_rules(me: Principal, tx: Tx, page: Paging) -> Rules:
    """Every rule in force, by its id."""
    me.require_scope(OPERATOR)
    (last,) = page.position(str) or ("",)
    in_force = [
        _shown(rule, version)
        for id, (rule, version) in (await store.rules(tx)).items()
        if id > last
    ]
    items, following = page.cut(in_force, lambda rule: (rule.rule_id,))
    return Rules(items=[*items], next=following)


@router.get("/{rule_id}")
async def read_rule(rule_id: str, me: Principal, tx: Tx) -> RuleShown:
    me.require_scope(OPERATOR)
    rule = await store.rule(tx, rule_id)
    tx.tag()
    return _shown(rule, tx.version or 0)


@router.put("/{rule_id}")
async def save_rule(
    rule_id: Plain, body: RuleBody, me: Principal, tx: Tx, response: Response
) -> RuleShown:
    """From now on this rule holds, for every event that arrives from here on.

    422 when its template is unknown, or needs what its events do not have.
    """
    me.require_scope(OPERATOR)
    rule = Rule.model_validate({**body.model_dump(exclude=set(_NOT_READ)), "rule_id": rule_id})
    known = await templates(tx)
    if rule.template not in known:
        raise UnknownTemplate(
            f"There is no template {rule.template}; there are {', '.join(known)}.", field="template"
        )
    require_workable_rule(rule, known[rule.template])
    response.status_code = 200 if await store.is_rule(tx, rule_id) else 201
    await store.save_rule(tx, rule)
    tx.tag()
    return _shown(rule, tx.version or 0)


@router.delete("/{rule_id}", status_code=204)
async def withdraw_rule(rule_id: str, me: Principal, tx: Tx) -> None:
    """From now on nobody is told by this rule. One that came with the software stays withdrawn, too."""
    me.require_scope(OPERATOR)
    if not await store.is_rule(tx, rule_id):
        raise NotFound(f"There is no rule {rule_id}.")
    await store.withdraw_rule(tx, rule_id)


_NOT_READ = ("rule_id", "version", "built_in")


def _shown(rule: Rule, version: int) -> RuleShown:
    return RuleShown(**dict(rule), version=version, built_in=version == 0)
