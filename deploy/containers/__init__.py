"""What the images and docker-compose.yml need beside the code."""
