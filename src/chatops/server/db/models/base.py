"""What all models share: a registry for each database file, and the types of columns.

Times are float Unix seconds, ids UUIDv7 text unless a model says otherwise. Only types
that PostgreSQL has too are used.
"""

from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Integer, MetaData, String
from sqlalchemy.orm import registry
from sqlmodel import Relationship, SQLModel

_NAMES: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# Rows of other files name servers and users without a foreign key: no reference crosses files.
BigInt: Final = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; in SQLite plain INTEGER, the only type that can be a counted primary key."""
Json: Final = JSON(none_as_null=True)
Word: Final = String()
"""Text whose Python type is a Literal."""


class ChatOpsModel(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of the tables in ``chatops.db``: state, commands, audit."""


class MetricsModel(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of the tables in ``metrics.db``."""


class LogsModel(SQLModel, registry=registry(metadata=MetaData(naming_convention=_NAMES))):
    """Base of the tables in ``logs.db``."""


def related(back_populates: str) -> Any:
    """A relationship that is only there when the query asked for it (``selectinload``).

    Touching it otherwise raises instead of querying behind the caller's back; deletes are
    left to the foreign keys.
    """
    return Relationship(
        back_populates=back_populates,
        passive_deletes="all",
        sa_relationship_kwargs={"lazy": "raise"},
    )
