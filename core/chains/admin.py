"""The chains' screens come with their pages."""
