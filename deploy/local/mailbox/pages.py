"""What a person sees of the mailbox."""

from fastapi import APIRouter

router = APIRouter()
