using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;

namespace Ostler.CrdGenerator.Tests.Server;

/// <summary>Who refuses a manifest.</summary>
public enum RefusedBy
{
    /// <summary>The schema, on every API server.</summary>
    Schema,

    /// <summary>A CEL rule, on API servers from 1.25 on; on older ones the controller.</summary>
    Rule,

    /// <summary>
    /// The controller, through <c>Accepted=False</c>: no schema can say it. It may name the field or, where it does not support the whole
    /// of it yet, one that the field lies in.
    /// </summary>
    Controller,
}

/// <summary>
/// A file of Testdata/invalid: a manifest that must be refused, headed by why, by whom and for which field. The integration tests
/// read the same files to check what is left to the controller.
/// </summary>
public sealed partial record InvalidManifest(string File, string Why, RefusedBy By, string Field, JsonObject Manifest)
{
    public static IReadOnlyList<InvalidManifest> All { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Path.Combine(Repository.Root, "tests", "Ostler.CrdGenerator.Tests", "Testdata"), "invalid"), "*.yaml").Order(StringComparer.Ordinal).Select(Read)];

    public static IEnumerable<TheoryDataRow<InvalidManifest>> Refused(RefusedBy by) =>
        All.Where(invalid => invalid.By == by).Select(invalid => new TheoryDataRow<InvalidManifest>(invalid) { Label = invalid.File });

    private static InvalidManifest Read(string path)
    {
        var text = System.IO.File.ReadAllText(path);
        var header = Header().Match(text);
        return header.Success
            ? new(Path.GetFileName(path), header.Groups["why"].Value, Enum.Parse<RefusedBy>(header.Groups["by"].Value, ignoreCase: true), header.Groups["field"].Value, YamlDocuments.Read(text)[0])
            : throw new InvalidDataException($"{path} does not begin with a line on why, '# Refused by:' and '# Field:'.");
    }

    [GeneratedRegex(@"\A# (?<why>.+)\n# Refused by: (?<by>\w+)\n# Field: (?<field>\S+)\n")]
    private static partial Regex Header();
}
