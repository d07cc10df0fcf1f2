using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Notifications;
using Ostler.Rollout.Notifications;

namespace Ostler.Controller.Tests.Notifications;

public sealed class NotificationOutboxTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();
    private readonly Sender _sender = new();
    private readonly ConcurrentQueue<DeliveryOutcome> _finished = [];
    private readonly NotificationOutbox _outbox;
    private Task _running = Task.CompletedTask;

    public NotificationOutboxTests() => _outbox = Outbox();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    [Fact]
    public async Task One_is_sent_once_and_its_end_is_kept_until_the_status_says_it()
    {
        _running = _outbox.RunAsync(_stop.Token);
        Assert.True(_outbox.Offer(Policy("edge", Pending("1")), Given.Now, []));
        Assert.Equal("edge", await _told.Reader.ReadAsync(Given.Cancel));

        // The status has not been written yet: it is looked at again and again.
        _outbox.Offer(Policy("edge", Pending("1")), Given.Now, []);
        Assert.Equal(["1"], _outbox.Deliveries("edge").Keys);
        Assert.Equal([DeliveryOutcome.Delivered], _finished);

        _outbox.Offer(Policy("edge", Pending("1") with { State = NotificationState.Delivered }), Given.Now, ["1"]);
        Assert.Empty(_outbox.Deliveries("edge"));
        Assert.Equal(["1"], _sender.Sent);
    }

    [Fact]
    public async Task A_receiver_that_hangs_holds_up_nobody_else()
    {
        _sender.Hangs = "bad";
        _running = _outbox.RunAsync(_stop.Token);
        _outbox.Offer(Policy("edge", Pending("1") with { Receiver = "bad" }, Pending("2")), Given.Now, []);

        Assert.Equal("edge", await _told.Reader.ReadAsync(Given.Cancel));
        Assert.Equal(["2"], _outbox.Deliveries("edge").Keys);
    }

    [Fact]
    public async Task Another_leader_sends_what_the_status_does_not_say_has_arrived_with_the_same_id_and_nothing_else()
    {
        var other = Outbox();
        _running = other.RunAsync(_stop.Token);
        other.Offer(
            Policy(
                "edge", Pending("arrived") with { State = NotificationState.Delivered }, Pending("later") with { RetryAt = Given.Now.AddSeconds(1) }, Pending("gone") with { Receiver = "nobody" },
                Pending("given up") with { State = NotificationState.GivenUp }, Pending("due")),
            Given.Now, []);

        await _told.Reader.ReadAsync(Given.Cancel);
        Assert.Equal(["due"], _sender.Sent);
    }

    [Fact]
    public void When_there_is_no_room_it_says_so_and_takes_the_rest_later()
    {
        NotificationStatus[] many = [.. Enumerable.Range(0, NotificationOutbox.Capacity + 1).Select(i => Pending($"{i}"))];

        Assert.False(_outbox.Offer(Policy("edge", many), Given.Now, []));
    }

    [Fact]
    public async Task An_error_of_ours_costs_one_notification_and_not_the_worker()
    {
        _sender.Fails = true;
        _running = _outbox.RunAsync(_stop.Token);
        _outbox.Offer(Policy("edge", [.. Enumerable.Range(0, NotificationOutbox.Workers + 1).Select(i => Pending($"{i}"))]), Given.Now, []);

        for (var i = 0; i <= NotificationOutbox.Workers; i++)
        {
            await _told.Reader.ReadAsync(Given.Cancel);
        }

        var failed = new Delivery(DeliveryOutcome.Failed, "the controller's log has the reason.");
        Assert.All(_outbox.Deliveries("edge").Values, d => Assert.Equal(failed, d));
    }

    private NotificationOutbox Outbox() =>
        new(_sender, policy => _told.Writer.TryWrite(policy), (_, outcome) => _finished.Enqueue(outcome), NullLogger<NotificationOutbox>.Instance);

    private static NotificationStatus Pending(string id) => new()
    {
        Id = id,
        Receiver = "ops",
        Event = RolloutEvent.Halted,
        Reason = "TooManyFailures",
        Message = "m",
        At = Given.Now,
        State = NotificationState.Pending,
    };

    private static UpgradePolicy Policy(string name, params NotificationStatus[] notifications)
    {
        var policy = Given.Policy(name, status: new() { Notifications = notifications });
        return policy with { Spec = policy.Spec with { Notifications = [new() { Name = "ops", Url = "https://example" }, new() { Name = "bad", Url = "https://example" }] } };
    }

    private sealed class Sender : INotificationSender
    {
        public ConcurrentQueue<string> Sent { get; } = [];
        public string? Hangs { get; set; }
        public bool Fails { get; set; }

        public async Task<Delivery> SendAsync(OutboundNotification notification, CancellationToken cancellationToken)
        {
            if (Fails)
            {
                throw new InvalidOperationException("a bug");
            }

            if (notification.Receiver.Name == Hangs)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            Sent.Enqueue(notification.Entry.Id);
            return new(DeliveryOutcome.Delivered);
        }
    }
}
