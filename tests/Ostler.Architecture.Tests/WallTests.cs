namespace Ostler.Architecture.Tests;

/// <summary>
/// Folders mean something: a namespace is its folder, folders do not use one another in a circle, and the rollout's keep to their ranks.
/// </summary>
public sealed class WallTests
{
    /// <summary>
    /// A folder of Ostler.Rollout uses only folders of a lower rank, and of its own rank those named in <see cref="Neighbours"/>.
    /// </summary>
    private static readonly Dictionary<string, int> Ranks = new(StringComparer.Ordinal)
    {
        ["Text"] = 0,
        ["Health"] = 1,
        ["Snapshot"] = 1,
        ["Drain"] = 2,
        ["Plan"] = 2,
        ["Windows"] = 2,
        ["Images"] = 2,
        ["Validation"] = 3,
        ["Notifications"] = 3,
        ["OSImages"] = 4,
        ["Context"] = 4,
        ["Failures"] = 5,
        ["Nodes"] = 6,
        ["Slots"] = 7,
        ["Waves"] = 8,
        ["Planner"] = 9,
        ["Status"] = 10,
        ["Traces"] = 10,
        // The host's half of the decision stands beside the fleet's and uses its health checks and texts only.
        ["Hosts.Facts"] = 2,
        ["Hosts.Checks"] = 3,
        ["Hosts.Report"] = 4,
        ["Hosts.Decisions"] = 4,
    };

    private static readonly HashSet<(string From, string To)> Neighbours =
    [
        ("Snapshot", "Health"), ("Plan", "Drain"), ("Windows", "Plan"), ("Validation", "Notifications"), ("Context", "OSImages"),
        ("Hosts.Report", "Hosts.Decisions"),
    ];

    public static TheoryData<string> Projects => [.. Sources.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_namespace_is_its_folder(string project) =>
        Breaches.None(Sources.Of(project).Where(f => f.Namespace is not null && f.Namespace != f.Folder).Select(f => $"{f.Path} is in {f.Namespace}, not {f.Folder}"));

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_folders_use_one_another_in_a_circle(string project)
    {
        var graph = FolderGraph.Of([.. Sources.Of(project)]);

        var breaches = graph.Cycles().SelectMany(c => graph.References.Where(r => c.Contains(r.From) && c.Contains(r.To)));
        Breaches.None(breaches.Select(r => $"{r.From} -> {r.To} by {r.Evidence}"));
    }

    [Fact]
    public void Folders_of_the_rollout_use_lower_ranks_only()
    {
        const string Prefix = "Ostler.Rollout.";
        var references = FolderGraph.Of([.. Sources.Of("Ostler.Rollout")]).References;

        var unknown = references.SelectMany(r => new[] { r.From, r.To }).Distinct().Where(n => !n.StartsWith(Prefix, StringComparison.Ordinal) || !Ranks.ContainsKey(n[Prefix.Length..]));
        Breaches.None(unknown);
        var upward = references.Where(r => !MayUse(r.From[Prefix.Length..], r.To[Prefix.Length..]));
        Breaches.None(upward.Select(r => $"{r.From} -> {r.To} by {r.Evidence}"));
    }

    [Fact]
    public void Every_ranked_folder_exists() =>
        Breaches.None(Ranks.Keys.Except(Sources.Of("Ostler.Rollout").Select(f => f.Folder["Ostler.Rollout".Length..].TrimStart('.'))));

    /// <summary>What runs on hosts and in the controller only carries out: decisions and rules live where they are pure.</summary>
    [Theory]
    [InlineData("Ostler.Agent")]
    [InlineData("Ostler.Controller")]
    public void A_program_has_no_decisions_of_its_own(string project) =>
        Breaches.None(Sources.Of(project).SelectMany(f => f.Types.Where(t => t.EndsWith("Decision", StringComparison.Ordinal) || t.EndsWith("Rules", StringComparison.Ordinal)).Select(t => $"{f.Path}: {t}")));

    private static bool MayUse(string from, string to) => Ranks[to] < Ranks[from] || Neighbours.Contains((from, to));
}
