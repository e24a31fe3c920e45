// Placeholder translation unit; replaced by the runtime's sources.
