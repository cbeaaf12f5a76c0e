"""What FastStream 0.7 has no public way for: a broker with a subscriber of another class than its own."""

from collections.abc import Iterable
from typing import Any

from aiokafka import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.kafka import KafkaBroker
from faststream.kafka.broker.registrator import KafkaRegistrator
from faststream.kafka.schemas import Topic
from faststream.kafka.subscriber.config import (
    KafkaSubscriberConfig,
    KafkaSubscriberSpecificationConfig,
)
from faststream.kafka.subscriber.specification import KafkaSubscriberSpecification
from faststream.kafka.subscriber.usecase import BatchSubscriber


class ManualBatchSubscriber(BatchSubscriber):
    """A batch subscriber whose offsets nobody commits but us; made as `broker.subscriber(batch=True)` makes one."""

    def __init__(
        self,
        broker: KafkaBroker,
        topics: Iterable[str],
        *,
        group: str,
        listener: ConsumerRebalanceListener,
        connection_args: dict[str, Any],
    ) -> None:
        outer: Any = broker.config
        declared = [Topic(name) for name in sorted(topics)]
        calls = CallsCollection[Any]()
        made: Any = super()  # its types are unknown in part
        made.__init__(
            KafkaSubscriberConfig(
                topics=declared,
                group_id=group,
                listener=listener,
                connection_args=connection_args,
                no_reply=True,
                _outer_config=outer,
                _ack_policy=AckPolicy.MANUAL,
            ),
            KafkaSubscriberSpecification(
                _outer_config=outer,
                calls=calls,
                specification_config=KafkaSubscriberSpecificationConfig(
                    topics=declared, title_=None, description_=None, include_in_schema=False
                ),
            ),
            calls,
            batch_timeout_ms=0,
            max_records=None,
        )
        self._broker = broker

    def add_to_broker(self, *, parser: Any, decoder: Any) -> None:
        """Let the broker start and stop it."""
        # Not KafkaRegistrator's own, which would make another subscriber.
        registrator: Any = super(KafkaRegistrator, self._broker)
        registrator.subscriber(self)
        self.add_call(parser_=parser, decoder_=decoder, dependencies_=())
