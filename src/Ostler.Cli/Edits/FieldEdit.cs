using System.Text.Json.Nodes;
using Ostler.Api;
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

    public bool IsNothing => Change.Count == 0;

    /// <summary>What <c>--dry-run</c> prints: the command of kubectl, and the fields as they belong into the manifest in git.</summary>
    public IReadOnlyList<Line> Lines() => IsNothing ? [new(Says)] :
    [
        new("# By hand:", Tone.Faint),
        new($"kubectl patch {Plural} {Name} --type=merge -p {Quoted(Change.ToJsonString())}"),
        new("# Or, in its manifest:", Tone.Faint),
        .. YamlText.Write(Manifest()).TrimEnd('\n').Split('\n').Select(l => new Line(l)),
    ];

    private JsonObject Manifest()
    {
        var manifest = new JsonObject { ["apiVersion"] = OstlerApi.GroupVersion, ["kind"] = Plural == "osimage" ? nameof(OSImage) : nameof(UpgradePolicy), ["metadata"] = new JsonObject { ["name"] = Name } };
        foreach (var (field, value) in Change)
        {
            manifest[field] = value?.DeepClone();
        }

        return manifest;
    }

    // For a POSIX shell.
    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
