"""The ROOT file: schema, writer, reader; the only place that knows uproot."""
