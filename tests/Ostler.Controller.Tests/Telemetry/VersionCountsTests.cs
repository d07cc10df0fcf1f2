using System.Globalization;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Telemetry;

namespace Ostler.Controller.Tests.Telemetry;

public sealed class VersionCountsTests
{
    [Fact]
    public void Nodes_of_one_version_are_one_series_whatever_their_digests()
    {
        var counts = VersionCounts.Of([Running("a", "2.0", 3), Running("b", "2.0", 2), Running("c", null, 1)]);

        Assert.Equal([("2.0", 5), (VersionCounts.Unknown, 1)], counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => (c.Key, c.Value)));
    }

    /// <summary>A node reports what it wants: a thousand versions must not be a thousand series, and no node may be lost.</summary>
    [Fact]
    public void A_thousand_versions_are_eleven_series_with_all_nodes()
    {
        var counts = VersionCounts.Of(Enumerable.Range(0, 1000).Select(i => Running($"d{i}", string.Create(CultureInfo.InvariantCulture, $"v{i:0000}"), i == 999 ? 7 : 1)));

        Assert.Equal(VersionCounts.Most + 1, counts.Count);
        Assert.Equal(1006, counts.Values.Sum());
        Assert.Equal(7, counts["v0999"]);
        Assert.Equal(1006 - 7 - (VersionCounts.Most - 1), counts[VersionCounts.Other]);
    }

    [Fact]
    public void A_node_that_calls_its_version_other_is_counted_with_the_others()
    {
        var counts = VersionCounts.Of(Enumerable.Range(0, 30).Select(i => Running($"d{i}", i == 0 ? VersionCounts.Other : $"v{i}", i == 0 ? 50 : 1)));

        Assert.Equal(79, counts.Values.Sum());
        Assert.InRange(counts.Count, 1, VersionCounts.Most + 1);
    }

    [Fact]
    public void A_version_is_cut_and_cannot_break_out_of_its_label()
    {
        var label = Assert.Single(VersionCounts.Of([Running("a", "1\"}\n" + new string('x', 500), 1)])).Key;

        Assert.Equal(64, label.Length);
        Assert.StartsWith("1???xxx", label, StringComparison.Ordinal);
    }

    private static RunningDigest Running(string digest, string? version, int nodes) => new() { Digest = digest, Version = version, Nodes = nodes };
}
