using System.Text;
using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Notifications;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Notifications;

public sealed class NotificationBodyTests
{
    private static readonly NotificationStatus Entry = new()
    {
        Id = "0123456789abcdef0123456789abcdef",
        Receiver = "ops",
        Event = RolloutEvent.Halted,
        Reason = Reasons.TooManyFailures,
        Message = "1 node failed: <!channel> & \"edge.service\" läuft nicht",
        Digest = Trees.New,
        Version = "42",
        At = Given.Now,
        State = NotificationState.Pending,
    };

    /// <summary>
    /// The contract with those who wrote receivers: a change here that is no addition needs another <see cref="NotificationBody.Version"/>.
    /// </summary>
    [Fact]
    public void A_webhook_gets_every_fact_in_a_field_of_its_own() => Assert.Equal(
        $$$"""
        {"version":1,"id":"0123456789abcdef0123456789abcdef","event":"Halted","reason":"TooManyFailures","message":"1 node failed: <!channel> & \"edge.service\" läuft nicht","severity":"error","timestamp":"2026-11-01T12:00:00Z","policy":{"apiVersion":"ostler.dev/v1alpha1","kind":"UpgradePolicy","name":"edge","uid":"policy-uid"},"image":"edge-os","target":{"digest":"{{{Trees.New}}}","version":"42"},"nodes":{"total":5,"updated":2,"updating":0,"staged":1,"pending":1,"failed":1,"rolledBack":0}}
        """,
        Text(NotificationType.Webhook, Entry));

    [Fact]
    public void Slack_gets_a_message_in_which_nothing_calls_a_channel_together()
    {
        var body = JsonNode.Parse(Text(NotificationType.Slack, Entry with { Wave = "canary" }))!;
        var attachment = body["attachments"]![0]!;

        Assert.Equal("Rollout edge is halted", (string)body["text"]!);
        Assert.Equal("danger", (string)attachment["color"]!);
        Assert.Equal("1 node failed: &lt;!channel&gt; &amp; \"edge.service\" läuft nicht", (string)attachment["text"]!);
        Assert.Equal(["Image", "Reason", "Wave", "Nodes"], attachment["fields"]!.AsArray().Select(f => (string)f!["title"]!));
        Assert.DoesNotContain('<', body.ToJsonString().Replace("\\u003C", "<", StringComparison.Ordinal));
    }

    /// <summary>RFC 4231, test case 2.</summary>
    [Fact]
    public void The_signature_is_HMAC_SHA256() => Assert.Equal(
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        NotificationBody.Sign(Encoding.ASCII.GetBytes("what do ya want for nothing?"), Encoding.ASCII.GetBytes("Jefe")));

    [Theory]
    [InlineData(1, null, 0.5)]
    [InlineData(2, null, 1.0)]
    [InlineData(4, null, 4.0)]
    [InlineData(100, null, 60.0)]
    [InlineData(1, 600, 10.0)]
    [InlineData(1, 5, 0.5)]
    [InlineData(1, 86400, 60.0)]
    public void After_a_failure_it_is_left_alone_for_minutes(int failures, int? asked, double minutes)
    {
        var after = NotificationPace.After(
            Entry with { Failures = failures - 1 }, new(DeliveryOutcome.Failed, "no", asked is { } s ? TimeSpan.FromSeconds(s) : null), Given.Now);

        Assert.Equal((NotificationState.Pending, failures, Given.In(minutes)), (after.State, after.Failures, after.RetryAt));
    }

    [Fact]
    public void After_a_day_it_is_given_up()
    {
        var after = NotificationPace.After(Entry with { At = Given.Ago(60 * 24), Failures = 30 }, new(DeliveryOutcome.Failed, "it answered 500."), Given.Now);

        Assert.Equal((NotificationState.GivenUp, null, "it answered 500."), (after.State, after.RetryAt, after.Error));
    }

    private static string Text(NotificationType type, NotificationStatus entry) => Encoding.UTF8.GetString(NotificationBody.Of(
        type, "edge", "policy-uid", "edge-os", entry, new() { Total = 5, Updated = 2, Staged = 1, Pending = 1, Failed = 1 }));
}
