"""The site: results in, Markdown and SVG out; then MkDocs builds it."""
