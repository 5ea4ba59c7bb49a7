"""What a restoration can show for itself."""
