using System.Text.Json.Nodes;

namespace Ostler.Cli.Output;

/// <summary>On which line of a YAML text each key of its mappings is.</summary>
internal sealed class KeyLines
{
    private readonly Dictionary<(JsonObject Map, string Key), long> _lines = new(ByReference.Instance);

    public void Add(JsonObject map, string key, long line) => _lines[(map, key)] = line;

    public long Of(JsonObject map, string key) => _lines.GetValueOrDefault((map, key));

    private sealed class ByReference : IEqualityComparer<(JsonObject Map, string Key)>
    {
        public static readonly ByReference Instance = new();

        public bool Equals((JsonObject Map, string Key) x, (JsonObject Map, string Key) y) => ReferenceEquals(x.Map, y.Map) && x.Key == y.Key;

        public int GetHashCode((JsonObject Map, string Key) obj) =>
            HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(obj.Map), StringComparer.Ordinal.GetHashCode(obj.Key));
    }
}
