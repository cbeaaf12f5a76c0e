"""Makes Kafka's topics what deploy/topics.yaml says: python -m deploy.topics apply|check"""
