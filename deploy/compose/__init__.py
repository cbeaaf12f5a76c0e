"""What docker-compose.yml runs besides the services: python -m deploy.compose keys|replica-set; python -m deploy.compose.acls"""
