"""Template tag and filters: what stands in a page as a file or as commands to copy, and names inside sentences."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


class CodeBlock(template.Node):
    """Shows its content, which is plain text and not HTML, under a title."""

    def __init__(self, content: NodeList, title: FilterExpression) -> None:
        self.content, self.title = content, title

    def render(self, context: Any) -> str:
        title = self.title.resolve(context)
        # The component escapes the whole text; a variable in it would otherwise be escaped twice.
        autoescape, context.autoescape = context.autoescape, False
        text = self.content.render(context).strip("\n")
        context.autoescape = autoescape
        component = context.template.engine.get_template("components/code.html")
        return str(component.render(context.new({"title": str(title), "text": text})))


@register.tag
def code(parser: Parser, token: Token) -> CodeBlock:
    """Show what is between `{% code "title" %}` and `{% endcode %}` as code."""
    _name, title = token.split_contents()
    content = parser.parse(("endcode",))
    parser.delete_first_token()
    return CodeBlock(content, parser.compile_filter(title))


@register.filter
def inline_code(text: object) -> SafeString:
    """Return `text` as HTML in which what is between backticks is code, as in the description's Markdown."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))


@register.filter
def breakable_path(path: object) -> SafeString:
    """Return `path` as HTML that breaks its lines after a slash."""
    return mark_safe(escape(path).replace("/", "/<wbr>"))
