"""What people choose to get by mail. The inbox holds everything, whatever they choose."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.notifications.wording.model import Slug

Scope = Literal["category", "community"]
Id = Annotated[str, Field(min_length=1, max_length=200)]


class Preferences(BaseModel):
    """One person's choices; what is not said is on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mute: bool = False
    mute_communities: tuple[Id, ...] = Field(default=(), max_length=1000)
    mail: dict[Slug, bool] = Field(default_factory=dict)

    def refuse(self, category: str, community_id: str | None) -> str | None:
        """Why this is not to be mailed, if so."""
        if self.mute:
            return "muted"
        if community_id and community_id in self.mute_communities:
            return "community muted"
        return None if self.mail.get(category, True) else "category switched off"

    def switch(self, scope: Scope, subscription: "Subscription", *, on: bool) -> "Preferences":
        """Mails of a category, or of a community, from now on or no longer."""
        if scope == "category":
            mail = {**self.mail, subscription.category: on}
            return self.model_copy(update={"mail": mail})
        others = tuple(id for id in self.mute_communities if id != subscription.community_id)
        muted = (
            others if on or not subscription.community_id else (*others, subscription.community_id)
        )
        return self.model_copy(update={"mute_communities": muted})


class Subscription(BaseModel):
    """What a mail's unsubscribe link stands for: a person's mails of a category in a community."""

    model_config = ConfigDict(frozen=True)

    token: str
    person_id: str
    category: str
    community_id: str | None = None
    stopped: tuple[Scope, ...] = ()
    """What this link switched off, and its undo switches on again."""

    def stop(self, scope: Scope, chosen: Preferences) -> tuple["Subscription", Preferences]:
        """No more mails of this scope. Twice is as good as once."""
        after = chosen.switch(scope, self, on=False)
        if after == chosen:
            return self, chosen
        return self.model_copy(update={"stopped": (*self.stopped, scope)}), after

    def undo(self, chosen: Preferences) -> tuple["Subscription", Preferences]:
        """As if the link had never been used."""
        for scope in self.stopped:
            chosen = chosen.switch(scope, self, on=True)
        return self.model_copy(update={"stopped": ()}), chosen
