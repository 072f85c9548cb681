-- The addition of version 5 to version 4.

-- The spans below the heads of traces, for filters of traces by the facets of these spans.
CREATE INDEX span_by_facets ON span (facets, trace) WHERE head = 0;
