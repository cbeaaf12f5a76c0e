"""Rules in force: what operators saved, over what came with the software."""

from services.notifications.telling.model import Rule
from services.notifications.telling.store import built_in
from services.notifications.telling.store.categories import know_category
from shared.errors import NotFound
from shared.storage.unit_of_work import Transaction

RULES = "rules in force"


class KeptRule(Rule):
    """A rule as an operator left it; a built-in one that was withdrawn stays so."""

    withdrawn: bool = False


async def rules(tx: Transaction) -> dict[str, tuple[Rule, int]]:
    """Every rule in force with its version, by its id; 0 is the built-in version.

    A batch of events reads them once: a transaction sees one state of them anyway.
    """
    if RULES not in tx.cache:
        in_force = {id: (rule, 0) for id, rule in built_in.rules().items()}
        for document in await tx.find("rules", {}):
            if document.pop("withdrawn"):
                in_force.pop(document["_id"], None)
            else:
                in_force[document["_id"]] = (_rule(document), document["version"])
        tx.cache[RULES] = dict(sorted(in_force.items()))
    return tx.cache[RULES]


async def rules_for(tx: Transaction, event_type: str) -> list[Rule]:
    """The rules that may have something to say about events of a type."""
    return [rule for rule, _ in (await rules(tx)).values() if rule.event == event_type]


async def rule(tx: Transaction, rule_id: str) -> Rule:
    """One rule in force; its version becomes the ETag."""
    in_force = (await rules(tx)).get(rule_id)
    if in_force is None:
        raise NotFound(f"There is no rule {rule_id}.")
    kept, version = in_force
    tx.version = version or None
    return kept


async def is_rule(tx: Transaction, rule_id: str) -> bool:
    return rule_id in await rules(tx)


async def save_rule(tx: Transaction, rule: Rule) -> None:
    """Let a rule be in force from the commit on, in every replica."""
    await _save(tx, KeptRule(**dict(rule)))


async def withdraw_rule(tx: Transaction, rule_id: str) -> None:
    """Let a rule be in force no longer, also if it came with the software."""
    await _save(tx, KeptRule(**dict(await rule(tx, rule_id)), withdrawn=True))


async def _save(tx: Transaction, kept: KeptRule) -> None:
    tx.cache.pop(RULES, None)
    if await tx.get("rules", kept.rule_id):
        await tx.change("rules", KeptRule, kept.rule_id, lambda _: kept)
    else:
        tx.add("rules", kept.rule_id, kept)
    if not kept.category.startswith("data."):
        know_category(tx, kept.category)


def _rule(document: dict[str, object]) -> Rule:
    return Rule.model_validate(
        {name: document[name] for name in Rule.model_fields if name in document}
    )
