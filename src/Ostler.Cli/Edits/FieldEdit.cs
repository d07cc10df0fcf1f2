using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;

namespace Ostler.Cli.Edits;

/// <summary>A change of declared fields that anybody could make by hand, or in git.</summary>
/// <param name="Plural">The resource, as kubectl calls it.</param>
/// <param name="Name">The object.</param>
/// <param name="Change">An RFC 7386 merge patch.</param>
/// <param name="Says">What it does, for people, in the past tense.</param>
internal sealed record FieldEdit(string Plural, string Name, JsonObject Change, string Says)
{
    /// <summary>Nothing to change: it is so already.</summary>
    public static FieldEdit None(string plural, string name, string says) => new(plural, name, [], says);

    /// <summary>What happens then, and what more there is to do; a sentence or two each.</summary>
    public IReadOnlyList<string> Next { get; init; } = [];

    public bool IsNothing => Change.Count == 0;

    /// <summary>The edit as a command of kubectl.</summary>
    public string Command => $"kubectl patch {Plural} {Name} --type=merge -p {Quoted(Change.ToJsonString())}";

    /// <summary>What is printed once it is made.</summary>
    public IReadOnlyList<Line> Done() => [new(Says), .. Next.Select(n => new Line(n))];

    /// <summary>What <c>--dry-run</c> prints: the command of kubectl, and the fields as they belong into the manifest in git.</summary>
    public IReadOnlyList<Line> Lines() => IsNothing ? Done() :
    [
        new("# By hand:", Tone.Faint),
        new(Command),
        new("# Or in the manifest:", Tone.Faint),
        .. YamlWriter.Write(Manifest()).TrimEnd('\n').Split('\n').Select(l => new Line(l)),
        .. Removed(Change, "").Select(f => new Line($"# and without {f}", Tone.Faint)),
        .. Next.Select(n => new Line($"# {n}", Tone.Faint)),
    ];

    private JsonObject Manifest()
    {
        var manifest = new JsonObject { ["apiVersion"] = OstlerApi.GroupVersion, ["kind"] = Plural == "osimage" ? nameof(OSImage) : nameof(UpgradePolicy), ["metadata"] = new JsonObject { ["name"] = Name } };
        foreach (var (field, value) in Change)
        {
            if (field == "metadata" && Kept(value) is JsonObject metadata)
            {
                metadata.Insert(0, "name", Name);
                manifest[field] = metadata;
            }
            else
            {
                manifest[field] = Kept(value);
            }
        }

        return manifest;
    }

    // A merge patch removes a field by null; a manifest by not having it.
    private static JsonNode? Kept(JsonNode? value) => value is JsonObject fields
        ? new JsonObject(fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Key, Kept(f.Value))))
        : value?.DeepClone();

    private static IEnumerable<string> Removed(JsonObject change, string path) => change.SelectMany(f => f.Value switch
    {
        null => [path + f.Key],
        JsonObject fields => Removed(fields, $"{path}{f.Key}."),
        _ => (IEnumerable<string>)[],
    });

    // For a POSIX shell.
    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
