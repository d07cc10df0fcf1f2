using System.Text;
using System.Text.Json.Nodes;

namespace Ostler.Testing.Scripted;

/// <summary>What a client asked.</summary>
public sealed class ScriptedRequest
{
    private readonly Dictionary<string, string> _query;

    internal ScriptedRequest(string method, string target, IReadOnlyDictionary<string, string> headers, byte[] body)
    {
        Method = method;
        Target = target;
        Headers = headers;
        Body = body;
        var parts = target.Split('?', 2);
        Path = Uri.UnescapeDataString(parts[0]);
        _query = (parts.Length > 1 ? parts[1] : "").Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "");
    }

    public string Method { get; }

    /// <summary>Path and query as sent.</summary>
    public string Target { get; }

    /// <summary>With a leading slash, unescaped.</summary>
    public string Path { get; }

    /// <summary>Names are lower case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    public byte[] Body { get; }

    public string BodyText => Encoding.UTF8.GetString(Body);

    public JsonNode? BodyJson => JsonNode.Parse(Body);

    /// <summary>The parameter of the query; null when absent.</summary>
    public string? Query(string name) => _query.GetValueOrDefault(name);

    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    public bool IsWatch => Query("watch") is "true" or "1";

    public override string ToString() => $"{Method} {Target}";
}
