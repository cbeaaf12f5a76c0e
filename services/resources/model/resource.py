"""What is shared, in versions. An old version is never changed; restoring it makes a new one."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.resources.model.links import Link
from services.resources.model.names import Tags
from services.resources.model.standing import Standing
from shared.contracts.resources import (
    ResourceBinned,
    ResourceRecovered,
    ResourceRestored,
    ResourceRevised,
    ResourceShared,
)
from shared.errors import Forbidden, Invalid, NotFound, Refused
from shared.types.fields import Description, Line

VERSIONS = 500


class File(BaseModel, frozen=True):
    """A file that was looked into; its bytes are kept under `blob_id`."""

    kind: Literal["file"] = "file"
    name: str
    media_type: str
    size: int
    sha256: str
    blob_id: str


class Version(BaseModel, frozen=True):
    """What the resource was from a moment on."""

    number: int
    content: Annotated[Link | File, Field(discriminator="kind")]
    made_by: str
    made_at: AwareDatetime
    restored_from: int | None = None


class About(BaseModel, frozen=True):
    """What a resource is called and how it is found."""

    title: Line
    description: Description = ""
    tags: Tags = ()


class NotYours(Forbidden):
    """Only who shared it and the facilitators may do this."""


class OtherKind(Refused):
    """A link stays a link, and a file a file."""


class TooManyVersions(Refused):
    """It has as many versions as are kept."""


class AlreadyNewest(Refused):
    """This version is the newest already."""


class NoSuchVersion(Invalid):
    """There is no version with this number."""


class NotInBin(Refused):
    """It is not in the recycle bin."""


class Resource(BaseModel, frozen=True):
    resource_id: str
    community_id: str
    about: About
    shared_by: str
    shared_at: AwareDatetime
    versions: tuple[Version, ...]
    binned_at: AwareDatetime | None = None
    binned_by: str | None = None

    @property
    def newest(self) -> Version:
        return self.versions[-1]

    def version(self, number: int | None) -> Version:
        """One version, the newest if no number is given. NotFound if there is none."""
        if number is None:
            return self.newest
        if not 1 <= number <= len(self.versions):
            raise NotFound(f"It has the versions 1 to {len(self.versions)}.")
        return self.versions[number - 1]

    def revise(
        self, standing: Standing, content: Link | File, title: Line | None, at: datetime
    ) -> tuple["Resource", ResourceRevised]:
        """Give it new content, and a new title if one is given."""
        self.require_new_version(standing, content.kind)
        revised = self._with(content, standing, at)
        if title is not None:
            about = self.about.model_copy(update={"title": title})
            revised = revised.model_copy(update={"about": about})
        return revised, ResourceRevised(
            resource_id=self.resource_id,
            community_id=self.community_id,
            title=revised.about.title,
            version=revised.newest.number,
            revised_by=standing.person_id,
        )

    def restore(
        self, standing: Standing, number: int, at: datetime
    ) -> tuple["Resource", ResourceRestored]:
        """Make an earlier version's content the newest again."""
        self.require_new_version(standing, self.newest.content.kind)
        if not 1 <= number <= len(self.versions):
            raise NoSuchVersion(f"Name one from 1 to {len(self.versions)}.", field="version")
        if number == self.newest.number:
            raise AlreadyNewest("Name an earlier version.")
        restored = self._with(self.versions[number - 1].content, standing, at, restored_from=number)
        return restored, ResourceRestored(
            resource_id=self.resource_id,
            community_id=self.community_id,
            version=restored.newest.number,
            restored_version=number,
            restored_by=standing.person_id,
        )

    def bin(self, standing: Standing, at: datetime) -> tuple["Resource", ResourceBinned]:
        """Put it where nobody sees it, until it is recovered."""
        self.require_may_change(standing)
        binned = self.model_copy(update={"binned_at": at, "binned_by": standing.person_id})
        return binned, ResourceBinned(
            resource_id=self.resource_id,
            community_id=self.community_id,
            binned_by=standing.person_id,
        )

    def recover(self, standing: Standing) -> tuple["Resource", ResourceRecovered]:
        """Share it again. What a facilitator put into the bin, only facilitators take out."""
        if self.binned_at is None:
            raise NotInBin("It is shared; there is nothing to recover.")
        if not (standing.facilitates or (standing.role and standing.person_id == self.binned_by)):
            raise NotYours("Ask a facilitator to recover it.")
        recovered = self.model_copy(update={"binned_at": None, "binned_by": None})
        return recovered, ResourceRecovered(
            resource_id=self.resource_id,
            community_id=self.community_id,
            recovered_by=standing.person_id,
        )

    def require_new_version(self, standing: Standing, kind: Literal["link", "file"]) -> None:
        """Raise unless the person may give it a new version of this kind."""
        self.require_may_change(standing)
        if kind != self.newest.content.kind:
            raise OtherKind(f"This is a {self.newest.content.kind}. Share the {kind} anew.")
        if len(self.versions) >= VERSIONS:
            raise TooManyVersions(f"{VERSIONS} versions are kept. Share it anew.")

    def require_may_change(self, standing: Standing) -> None:
        """Raise unless the person may change it. Who has left the community no longer does."""
        standing.require_member()
        if not (standing.facilitates or standing.person_id == self.shared_by):
            raise NotYours("Ask the person who shared it, or a facilitator of the community.")

    def _with(
        self,
        content: Link | File,
        standing: Standing,
        at: datetime,
        restored_from: int | None = None,
    ) -> "Resource":
        version = Version(
            number=len(self.versions) + 1,
            content=content,
            made_by=standing.person_id,
            made_at=at,
            restored_from=restored_from,
        )
        return self.model_copy(update={"versions": (*self.versions, version)})


def share(
    standing: Standing,
    content: Link | File,
    about: About,
    *,
    resource_id: str,
    community_id: str,
    at: datetime,
) -> tuple[Resource, ResourceShared]:
    """Share something new with a community."""
    standing.require_member()
    version = Version(number=1, content=content, made_by=standing.person_id, made_at=at)
    resource = Resource(
        resource_id=resource_id,
        community_id=community_id,
        about=about,
        shared_by=standing.person_id,
        shared_at=at,
        versions=(version,),
    )
    return resource, ResourceShared(
        resource_id=resource_id,
        community_id=community_id,
        kind=content.kind,
        title=about.title,
        shared_by=standing.person_id,
        url=content.url if isinstance(content, Link) else None,
    )
