namespace Ostler.Controller.Telemetry.Traces;

/// <summary>Where spans are sent.</summary>
/// <param name="Endpoint">The whole address: for HTTP with the path.</param>
/// <param name="Grpc">By gRPC, or else as protobuf over HTTP.</param>
internal sealed record TraceSettings(Uri Endpoint, bool Grpc)
{
    /// <summary>Where a collector takes traces over HTTP, when only its base address is given.</summary>
    private const string Path = "v1/traces";

    /// <summary>
    /// Reads OpenTelemetry's own variables (<c>OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT</c> and <c>…_PROTOCOL</c>, <c>OTEL_SDK_DISABLED</c>,
    /// <c>OTEL_TRACES_EXPORTER</c>); the others, such as headers, timeouts and certificates, the SDK reads itself.
    /// </summary>
    /// <param name="flag">The base address on the command line, which wins over the environment.</param>
    /// <param name="environment">The environment.</param>
    /// <returns>Nothing: no traces are wanted. Else the settings, or a sentence that says what is wrong.</returns>
    public static (TraceSettings? Settings, string? Problem) Parse(string? flag, Func<string, string?> environment)
    {
        if (string.Equals(environment("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase) || environment("OTEL_TRACES_EXPORTER") == "none")
        {
            return default;
        }

        var (name, text, whole) = flag is not null
            ? ("--otlp-endpoint", flag, false)
            : environment("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") is { Length: > 0 } traces
                ? ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", traces, true)
                : ("OTEL_EXPORTER_OTLP_ENDPOINT", environment("OTEL_EXPORTER_OTLP_ENDPOINT") ?? "", false);
        if (text.Length == 0)
        {
            return default;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return (null, $"\"{text}\" is not a value for {name}: it must be the http or https address of an OTLP collector, as in http://collector.monitoring:4318.");
        }

        var protocol = NonEmpty(environment("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")) ?? NonEmpty(environment("OTEL_EXPORTER_OTLP_PROTOCOL"));
        return protocol switch
        {
            // The port says it: 4317 is that of gRPC everywhere.
            null => (Of(uri, uri.Port == 4317, whole), null),
            "grpc" => (Of(uri, true, whole), null),
            "http/protobuf" => (Of(uri, false, whole), null),
            _ => (null, $"OTEL_EXPORTER_OTLP_PROTOCOL is \"{protocol}\"; grpc and http/protobuf are supported."),
        };
    }

    private static TraceSettings Of(Uri uri, bool grpc, bool whole) =>
        new(grpc || whole ? uri : new UriBuilder(uri) { Path = $"{uri.AbsolutePath.TrimEnd('/')}/{Path}" }.Uri, grpc);

    private static string? NonEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
