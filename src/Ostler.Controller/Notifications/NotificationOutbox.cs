using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Notifications;

namespace Ostler.Controller.Notifications;

/// <summary>
/// Sends notifications beside the rollouts, which wait for none of them: a bounded queue, a few at a time. What it knows is lost with the
/// process, and nothing is lost by that: which notifications there are, and which have arrived, stands in the policies' status.
/// </summary>
/// <param name="sender">Delivers one.</param>
/// <param name="tell">Called with a policy's name when something came of one of its notifications: its status is to say so.</param>
/// <param name="finished">Called with the end of each round of tries, for metrics.</param>
/// <param name="logger">For the log.</param>
internal sealed partial class NotificationOutbox(
    INotificationSender sender, Action<string> tell, Action<NotificationType, DeliveryOutcome> finished, ILogger<NotificationOutbox> logger)
{
    /// <summary>How many wait at most. The next one stays in its status until there is room.</summary>
    public const int Capacity = 200;

    /// <summary>How many are sent at once: one receiver that hangs must not hold up those of the others.</summary>
    public const int Workers = 8;

    private readonly Channel<OutboundNotification> _queue = Channel.CreateBounded<OutboundNotification>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.Wait });

    // Null while it is under way. Kept until the stored status says the same.
    private readonly ConcurrentDictionary<(string Policy, string Id), Delivery?> _known = new();

    /// <summary>What came of the notifications of a policy, by ID, as far as its stored status does not say so yet.</summary>
    public IReadOnlyDictionary<string, Delivery> Deliveries(string policy) =>
        _known.Where(k => k.Key.Policy == policy && k.Value is not null).ToDictionary(k => k.Key.Id, k => k.Value!, StringComparer.Ordinal);

    /// <summary>Takes what is due of a stored status. Never waits.</summary>
    /// <param name="policy">The policy, with the status that is stored.</param>
    /// <param name="now">The moment.</param>
    /// <param name="told">The deliveries that this status tells of.</param>
    /// <returns>False: there was no room for all of them; come back.</returns>
    public bool Offer(UpgradePolicy policy, DateTimeOffset now, IEnumerable<string> told)
    {
        foreach (var id in told)
        {
            _known.TryRemove((policy.Metadata.Name, id), out _);
        }

        var room = true;
        foreach (var entry in NotificationRules.Due(policy.Status, now))
        {
            var key = (policy.Metadata.Name, entry.Id);
            if (policy.Spec.Notifications?.FirstOrDefault(r => r.Name == entry.Receiver) is not { } receiver || !_known.TryAdd(key, null))
            {
                continue;
            }

            var notification = new OutboundNotification
            {
                Policy = policy.Metadata.Name,
                PolicyUid = policy.Metadata.Uid ?? "",
                Image = policy.Spec.ImageRef.Name,
                Receiver = receiver,
                Entry = entry,
                Nodes = policy.Status?.Nodes,
            };
            if (!_queue.Writer.TryWrite(notification))
            {
                _known.TryRemove(key, out _);
                room = false;
            }
        }

        return room;
    }

    /// <summary>Forgets a policy that is gone.</summary>
    public void Forget(string policy)
    {
        foreach (var key in _known.Keys.Where(k => k.Policy == policy))
        {
            _known.TryRemove(key, out _);
        }
    }

    /// <summary>Sends until cancelled. What is under way then is sent again by the next leader.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        await foreach (var notification in _queue.Reader.ReadAllAsync(cancellationToken))
        {
            var entry = notification.Entry;
            LogSending(entry.Event, notification.Policy, notification.Receiver.Name, entry.Id, entry.Reason);
            var delivery = await DeliverAsync(notification, cancellationToken);
            if (delivery.Outcome != DeliveryOutcome.Delivered)
            {
                LogFailed(entry.Event, notification.Policy, notification.Receiver.Name, entry.Id, Reasons.NotificationFailed, delivery.Error);
            }

            _known[(notification.Policy, notification.Entry.Id)] = delivery;
            finished(notification.Receiver.Type, delivery.Outcome);
            tell(notification.Policy);
        }
    }

    private async Task<Delivery> DeliverAsync(OutboundNotification notification, CancellationToken cancellationToken)
    {
        try
        {
            return await sender.SendAsync(notification, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // An error of ours costs this notification and not the worker.
            LogBroken(e, notification.Policy, notification.Receiver.Name);
            return new(DeliveryOutcome.Failed, "the controller's log has the reason.");
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Sending notification {Event} of policy {Policy} to {Receiver} (ID {Id}): {Reason}")]
    private partial void LogSending(RolloutEvent @event, string policy, string receiver, string id, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Notification {Event} of policy {Policy} did not reach {Receiver} (ID {Id}): {Reason}: {Words}")]
    private partial void LogFailed(RolloutEvent @event, string policy, string receiver, string id, string reason, string? words);

    [LoggerMessage(3, LogLevel.Error, "Sending a notification of policy {Policy} to {Receiver} failed unexpectedly")]
    private partial void LogBroken(Exception e, string policy, string receiver);
}
