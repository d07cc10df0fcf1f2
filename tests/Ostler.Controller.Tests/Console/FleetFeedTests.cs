using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Controller.Console.Live;
using Ostler.Controller.Console.Views;

namespace Ostler.Controller.Tests.Console;

public sealed class FleetFeedTests
{
    private readonly FleetFeed _feed = new("e");

    [Fact]
    public void The_first_time_everything_is_told_and_then_what_changed()
    {
        _feed.Update(View("a", "b"));
        var (first, version) = Read(0);
        Assert.Equal(("True", "a,b", ""), (first["full"]!.ToString().Replace("true", "True", StringComparison.Ordinal), Names(first), Gone(first)));

        _feed.Update(new([new() { Name = "a", Step = "Idle" }, new() { Name = "b", Step = "Failed" }], [], []));
        var (second, later) = Read(version);
        Assert.Equal((false, "b", ""), ((bool)second["full"]!, Names(second), Gone(second)));
        Assert.True(later > version);
    }

    [Fact]
    public async Task Nothing_is_told_when_nothing_changed()
    {
        _feed.Update(View("a"));
        var (_, version) = Read(0);
        var waiting = _feed.ChangedAsync(version);

        _feed.Update(View("a"));
        Assert.False(waiting.IsCompleted);

        _feed.Update(View("a", "b"));
        await waiting.WaitAsync(Given.Cancel);
    }

    [Fact]
    public void Whoever_was_away_gets_the_newest_of_each_once()
    {
        _feed.Update(View("a", "b"));
        var (_, version) = Read(0);
        _feed.Update(View("a", "b", "c"));
        _feed.Update(View("a", "c"));
        _feed.Update(View("a", "c", "b"));

        var (json, _) = Read(version);

        Assert.Equal(((bool)json["full"]!, Names(json), Gone(json)), (false, "b,c", ""));
    }

    [Fact]
    public void Who_has_not_heard_of_those_that_are_forgotten_gets_everything()
    {
        _feed.Update(View([.. Enumerable.Range(0, FleetFeed.MaxGone + 10).Select(i => $"n{i}")]));
        var (_, version) = Read(0);
        _feed.Update(View("n0"));
        _feed.Update(View("n0", "new"));

        var (json, _) = Read(version);
        Assert.Equal((true, "n0,new"), ((bool)json["full"]!, Names(json)));
    }

    [Theory]
    [InlineData("e-7", 7)]
    [InlineData("other-7", 0)]
    [InlineData("e-", 0)]
    [InlineData("e--7", 0)]
    [InlineData("e-99999999999999999999", 0)]
    [InlineData(null, 0)]
    public void A_version_of_another_feed_is_none(string? id, long version) => Assert.Equal(version, _feed.VersionOf(id));

    [Fact]
    public void A_version_from_the_future_is_answered_with_everything()
    {
        _feed.Update(View("a"));
        Assert.True((bool)Read(99).Json["full"]!);
    }

    private static FleetView View(params string[] nodes) => new([.. nodes.Select(n => new NodeRow { Name = n, Step = "Idle" })], [], []);

    private (JsonNode Json, long Version) Read(long since)
    {
        using var stream = new MemoryStream();
        long version;
        using (var utf8 = new Utf8JsonWriter(stream))
        {
            version = _feed.Write(since, utf8);
        }

        return (JsonNode.Parse(stream.ToArray())!, version);
    }

    private static string Names(JsonNode json) => string.Join(',', json["nodes"]!.AsArray().Select(n => (string)n!["name"]!).Order(StringComparer.Ordinal));

    private static string Gone(JsonNode json) => string.Join(',', json["gone"]?["nodes"]!.AsArray().Select(n => (string)n!) ?? []);
}
