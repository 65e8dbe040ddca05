"""What the pages of people's accounts need and Django's own tags don't have."""

from django import template

from orgs.browsers import browser_name

register = template.Library()
register.filter(browser_name)
