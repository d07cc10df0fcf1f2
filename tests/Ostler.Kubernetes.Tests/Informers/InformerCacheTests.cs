using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Informers;
using Ostler.Kubernetes.Tests.Support;
using k8s.Models;
using static Ostler.Kubernetes.Tests.Support.NodeJson;

namespace Ostler.Kubernetes.Tests.Informers;

public sealed class InformerCacheTests
{
    private readonly List<string> _told = [];
    private readonly InformerCache<V1Node> _cache;

    public InformerCacheTests() =>
        _cache = new InformerCache<V1Node>(
            KnownResources.Nodes,
            change => _told.Add($"{change.Type} {change.Object.Metadata.Name}@{change.Object.Metadata.ResourceVersion} {change.Object.Metadata.Uid}"));

    private static V1Node Node(string name, string version, string uid = "u1", string? zone = null) => NodeJson.Object(name, version, uid, zone);

    private static NamespacedName A => NamespacedName.ClusterScoped("a");

    [Theory]
    [InlineData("12", "11", "12", Label = "older")]
    [InlineData("9", "10", "10", Label = "newer, by number and not by letter")]
    [InlineData("12", "12", "12", Label = "the same")]
    [InlineData("x9", "x1", "x1", Label = "not numbers: the later message wins")]
    [InlineData("12", "x1", "x1", Label = "one not a number: the later message wins")]
    [InlineData("18446744073709551614", "18446744073709551615", "18446744073709551615", Label = "the largest")]
    public void Of_two_versions_of_an_object_the_newer_stays(string first, string second, string kept)
    {
        _cache.Set(Node("a", first));
        _cache.Set(Node("a", second));

        Assert.Equal(kept, _cache.Get(A)!.Metadata.ResourceVersion);
    }

    [Fact]
    public void The_same_version_is_told_once_and_keeps_its_instance()
    {
        var first = Node("a", "5");
        _cache.Set(first);
        var snapshot = _cache.Snapshot();
        _cache.Set(Node("a", "5"));
        _cache.Replace([Node("a", "5")], "9", historyWentBack: false);

        Assert.Single(_told);
        Assert.Same(first, _cache.Get(A));
        Assert.Equal(snapshot, _cache.Snapshot());
    }

    [Fact]
    public void A_snapshot_does_not_change_and_is_made_anew_only_after_a_change()
    {
        _cache.Set(Node("a", "5"));
        var before = _cache.Snapshot();
        Assert.Same(before, _cache.Snapshot());

        _cache.Set(Node("b", "6", "u2"));

        Assert.Single(before);
        Assert.Equal(2, _cache.Snapshot().Count);
    }

    [Fact]
    public void A_namesake_with_another_uid_is_a_deletion_and_an_addition()
    {
        _cache.Set(Node("a", "5", "u1"));
        _cache.Set(Node("a", "8", "u2"));

        Assert.Equal(["Added a@5 u1", "Deleted a@5 u1", "Added a@8 u2"], _told);
    }

    [Fact]
    public void News_of_the_former_bearer_of_a_name_does_not_touch_the_new_one()
    {
        _cache.Set(Node("a", "5", "u1"));
        _cache.Set(Node("a", "8", "u2"));
        _cache.Set(Node("a", "6", "u1"));
        _cache.Delete(Node("a", "7", "u1"));
        _cache.DeleteForGood(A, "u1");

        Assert.Equal("u2", _cache.Get(A)!.Metadata.Uid);
        Assert.Equal(3, _told.Count);
    }

    [Fact]
    public void An_answer_about_the_former_bearer_of_a_name_does_not_bring_it_back()
    {
        _cache.Set(Node("a", "5", "u1"));
        _cache.Set(Node("a", "8", "u2"));
        _cache.Delete(Node("a", "9", "u2"));
        _cache.HeardUpTo("9");

        _cache.Absorb(Node("a", "6", "u1"));

        Assert.Null(_cache.Get(A));
    }

    [Fact]
    public void A_deletion_older_than_what_we_wrote_meant_that_the_selector_no_longer_matched_then()
    {
        _cache.Set(Node("a", "5"));
        _cache.Set(Node("a", "9"));
        _cache.Delete(Node("a", "7"));

        Assert.Equal("9", _cache.Get(A)!.Metadata.ResourceVersion);
    }

    [Fact]
    public void An_object_that_matches_the_selector_again_comes_back()
    {
        _cache.Set(Node("a", "5"));
        _cache.Delete(Node("a", "7"));
        _cache.Set(Node("a", "9"));

        Assert.Equal(["Added a@5 u1", "Deleted a@7 u1", "Added a@9 u1"], _told);
    }

    [Fact]
    public void What_is_deleted_for_good_never_comes_back_whatever_its_version()
    {
        _cache.Set(Node("a", "5"));
        _cache.DeleteForGood(A, "u1");
        _cache.Set(Node("a", "99"));
        _cache.Replace([Node("a", "99")], "100", historyWentBack: false);

        Assert.Null(_cache.Get(A));
    }

    [Fact]
    public void A_restored_server_is_believed_although_its_numbers_are_lower()
    {
        _cache.Set(Node("a", "500"));
        _cache.Set(Node("b", "600", "u2"));
        _cache.Set(Node("gone", "601", "u3"));
        _cache.Delete(Node("back", "700", "u4"));
        _cache.Set(Node("same", "40", "u5"));
        _cache.Set(Node("replaced", "603", "u6"));
        _told.Clear();

        _cache.Replace(
            [Node("a", "50"), Node("b", "60", "u2"), Node("back", "55", "u4"), Node("same", "40", "u5"), Node("replaced", "58", "u7")],
            "100",
            historyWentBack: true);

        Assert.Equal(
            ["Updated a@50 u1", "Updated b@60 u2", "Added back@55 u4", "Deleted replaced@603 u6", "Added replaced@58 u7", "Deleted gone@601 u3"],
            _told);
    }

    [Fact]
    public void A_list_is_right_about_what_it_knew_even_with_lower_numbers_and_wrong_only_about_what_came_later()
    {
        _cache.Set(Node("a", "90"));
        _cache.Set(Node("later", "101", "u2"));
        _cache.Set(Node("back", "80", "u3"));
        _cache.Delete(Node("back", "85", "u3"));
        _cache.Set(Node("gone", "80", "u4"));
        _cache.DeleteForGood(NamespacedName.ClusterScoped("gone"), "u4");
        _told.Clear();

        _cache.Replace([Node("a", "50"), Node("later", "60", "u2"), Node("back", "70", "u3"), Node("gone", "80", "u4")], "100", historyWentBack: false);

        Assert.Equal(["Updated a@50 u1", "Added back@70 u3"], _told);
    }

    [Fact]
    public void An_index_follows_changes_and_forgets_what_is_empty()
    {
        _cache.Set(Node("a", "5", zone: "x"));
        _cache.AddIndex("zone", new CacheIndex<V1Node>(KnownResources.Nodes, node => node.Metadata.Labels?.TryGetValue("zone", out var zone) == true ? zone : null));
        _cache.Set(Node("b", "6", "u2", zone: "x"));
        _cache.Set(Node("c", "7", "u3"));
        Assert.Equal(["a", "b"], Names("x"));

        _cache.Set(Node("a", "8", zone: "y"));
        _cache.Delete(Node("b", "9", "u2", zone: "x"));

        Assert.Empty(Names("x"));
        Assert.Equal(["a"], Names("y"));

        string[] Names(string zone) => [.. _cache.Index("zone").Find(zone).Select(n => n.Metadata.Name).Order()];
    }

    [Fact]
    public void An_answer_is_believed_only_when_it_is_newer_than_all_that_was_heard()
    {
        _cache.Replace([], "10", historyWentBack: false);
        _cache.Absorb(Node("created-and-deleted-before-the-list", "9", "u2"));
        _cache.Absorb(Node("a", "11"));
        _cache.HeardUpTo("20");
        _cache.Absorb(Node("deleted-at-15", "14", "u3"));
        _cache.Absorb(Node("b", "21", "u4"));

        Assert.Equal(["Added a@11 u1", "Added b@21 u4"], _told);
    }

    [Fact]
    public void Where_versions_are_not_numbers_an_answer_is_believed()
    {
        _cache.Replace([], "x10", historyWentBack: false);
        _cache.Absorb(Node("a", "x9"));

        Assert.NotNull(_cache.Get(A));
    }

    [Fact]
    public void After_a_restore_answers_of_the_new_history_are_believed_again()
    {
        _cache.HeardUpTo("900");
        _cache.DeleteForGood(A, "u1");
        _cache.Replace([Node("a", "50")], "100", historyWentBack: true);
        _cache.Absorb(Node("a", "101"));

        Assert.Equal("101", _cache.Get(A)!.Metadata.ResourceVersion);
    }

    [Fact]
    public void Remembered_deletions_are_bounded_and_the_oldest_are_forgotten_first()
    {
        var deletions = new RecentDeletions();
        for (var i = 0; i <= RecentDeletions.Capacity; i++)
        {
            deletions.Record($"u{i}");
            deletions.Record($"u{i}");
        }

        Assert.False(deletions.Contains("u0"));
        Assert.True(deletions.Contains("u1"));
        Assert.True(deletions.Contains($"u{RecentDeletions.Capacity}"));
    }
}
