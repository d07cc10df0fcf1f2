using System.Text.Json.Nodes;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Cli.Doctor;
using Ostler.Cli.Output;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Diff;

/// <summary>Differences for people and for programs.</summary>
internal static class DiffText
{
    private const int MostPackages = 8;

    public static IEnumerable<Line> Lines(TreeDiff diff, bool wide)
    {
        yield return new($"{diff.Policy}: image {diff.Image}{(diff.Target is { } target ? $", to {MessageText.Of(target.Digest, target.Version)}" : "")}", Tone.Heading);
        if (diff.Problem is { } problem)
        {
            yield return new(
                $"No node gets {(diff.Target is null ? $"an image of {diff.Image}" : "this image")}: {problem}", Tone.Attention);
        }

        if (diff.UpToDate.Count > 0)
        {
            yield return new($"Nothing changes on {Nodes(diff.UpToDate, wide)}: already booted.", Tone.Good);
        }

        if (diff.Unknown.Count > 0)
        {
            yield return new($"Changes on {FindingText.Names(diff.Unknown, wide ? int.MaxValue : 5)} are unknown, because no agent reports from there. Run kubectl ostler doctor.", Tone.Attention);
        }

        if (diff.Target is null)
        {
            yield break;
        }

        foreach (var group in diff.Groups)
        {
            yield return new("");
            yield return new($"From {MessageText.Of(group.Booted.Digest, group.Booted.Version)} on {Nodes(group.Nodes, wide)}", Tone.Heading);
            var table = new TextTable("WHAT", "BOOTED", "TARGET");
            foreach (var change in group.Changes)
            {
                table.Add(Tone.Plain, change.Field, Value(change, change.From, wide), Value(change, change.To, wide));
            }

            foreach (var line in table.Lines(indent: 2))
            {
                yield return line;
            }

            foreach (var line in Unknown(group).Concat(Layered(group.Nodes)))
            {
                yield return new($"  {line}", Tone.Faint);
            }
        }

        foreach (var line in Layered(diff.UpToDate))
        {
            yield return new(line, Tone.Attention);
        }
    }

    public static JsonObject Document(TreeDiff diff) => Present(
        ("policy", diff.Policy), ("image", diff.Image), ("target", diff.Target is { } target ? Present(("digest", target.Digest), ("version", target.Version)) : null), ("problem", diff.Problem),
        ("groups", new JsonArray([.. diff.Groups.Select(g => (JsonNode)Present(
            ("booted", Present(("digest", g.Booted.Digest), ("version", g.Booted.Version))), ("nodes", Names(g.Nodes)), ("remembered", g.Remembered),
            ("changes", new JsonArray([.. g.Changes.Select(c => (JsonNode)Present(("field", c.Field), ("from", c.From), ("to", c.To)))])), ("layeredPackages", Packages(g.Nodes))))])),
        ("upToDate", Names(diff.UpToDate)), ("unknown", new JsonArray([.. diff.Unknown.Select(n => (JsonNode)n)])));

    // What is not written down is not guessed: where it can be seen is said instead.
    private static IEnumerable<string> Unknown(TreeGroup group)
    {
        if (!group.Remembered)
        {
            yield return "This digest is not in the image's history, so labels, reference and signature cannot be compared.";
        }

        var target = group.Changes.FirstOrDefault(c => c.Field == "digest")?.To;
        var ostree = group.Nodes.All(n => n.Spec.Image is null or { Ostree: not null }) && !group.Booted.Digest.Contains(':', StringComparison.Ordinal);
        yield return (group.Nodes[0].Status?.Backend, ostree) switch
        {
            ("rpm-ostree", true) => $"Packages: not recorded. On a host with both deployments, run: rpm-ostree db diff {Digest.Shorten(group.Booted.Digest)} {Digest.Shorten(target ?? "")}",
            ("ostree", true) => $"Packages: not recorded. To compare files on a host with both deployments, run: ostree diff {Digest.Shorten(group.Booted.Digest)} {Digest.Shorten(target ?? "")}",
            _ => "Packages: not recorded. Compare the package lists of the two images (an SBOM, or rpm -qa in a container of each).",
        };
    }

    private static IEnumerable<string> Layered(IEnumerable<NodeOS> nodes) => nodes.Where(n => n.Status?.Drift?.Packages is { Count: > 0 }).Select(n =>
    {
        var packages = n.Status!.Drift!.Packages!;
        return $"{n.Metadata.Name} has local packages (-: removed): {MessageText.List(packages, MostPackages)}";
    });

    private static string? Value(TreeChange change, string? value, bool wide) => value is null ? null : !wide && change.Field is ("digest" or "signed with key") ? Digest.Shorten(value) : value;

    private static string Nodes(IReadOnlyList<NodeOS> nodes, bool wide) =>
        $"{MessageText.Count(nodes.Count, "node")} ({FindingText.Names(nodes.Select(n => n.Metadata.Name), wide ? int.MaxValue : 5)})";

    private static JsonArray Names(IReadOnlyList<NodeOS> nodes) => new([.. nodes.Select(n => (JsonNode)n.Metadata.Name)]);

    private static JsonObject? Packages(IReadOnlyList<NodeOS> nodes)
    {
        var layered = new JsonObject(nodes.Where(n => n.Status?.Drift?.Packages is { Count: > 0 })
            .Select(n => KeyValuePair.Create(n.Metadata.Name, (JsonNode?)new JsonArray([.. n.Status!.Drift!.Packages!.Select(p => (JsonNode)p)]))));
        return layered.Count > 0 ? layered : null;
    }

    private static JsonObject Present(params (string Name, JsonNode? Value)[] fields) => new(fields.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Name, f.Value)));
}
