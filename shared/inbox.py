"""Every event takes effect once: watermark, event ids, and what is set aside. One transaction a batch."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from bson.binary import Binary
from opentelemetry.trace import SpanKind
from pymongo import DeleteOne, InsertOne, UpdateOne

from shared import dead_letters
from shared.clock import now
from shared.database import Database, is_duplicate, is_outage
from shared.dead_letters import Parked
from shared.errors import NotFound, Problem
from shared.events import Envelope, Unreadable, read
from shared.listener import Listener
from shared.telemetry import EVENTS, follow, origin_of, tracer
from shared.transaction import Transaction

Record = ConsumerRecord[bytes, bytes]
