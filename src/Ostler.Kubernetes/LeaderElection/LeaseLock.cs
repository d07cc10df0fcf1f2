using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.LeaderElection;

/// <summary>What an attempt to take or keep the lease came to.</summary>
internal enum LeaseOutcome
{
    Held,
    HeldByOther,

    /// <summary>The lease changed under the attempt. Nothing is known; look again.</summary>
    Contended,
}

/// <summary>
/// The lease as this process has seen it. Whether another's hold has expired is judged by our own monotonic clock from the moment at which
/// we saw its last change: clocks of different machines are never compared, and a jump of the wall clock changes nothing.
/// </summary>
internal sealed class LeaseLock(ApiClient client, LeaderElectionOptions options, TimeProvider time)
{
    private readonly NamespacedName _name = new(options.Namespace, options.LeaseName);
    private JsonObject? _lease;
    private long _changedAt;

    /// <summary>Who holds the lease as far as we know; empty when nobody does.</summary>
    public string Holder => _lease is null ? "" : LeaseRecord.Holder(_lease);

    /// <summary>
    /// Takes the lease if it is free or expired, or renews it if it is ours. One attempt; errors of the server are thrown.
    /// </summary>
    /// <param name="renewing">We hold it: try with what we know, without reading it first.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<LeaseOutcome> TryHoldAsync(bool renewing, CancellationToken cancellationToken)
    {
        if (!renewing || _lease is null)
        {
            Observe(await client.GetAsync(LeaseRecord.Type, _name, cancellationToken).ConfigureAwait(false));
        }
        if (IsHeldByOther)
        {
            return LeaseOutcome.HeldByOther;
        }
        if (await TryWriteAsync(cancellationToken).ConfigureAwait(false))
        {
            return LeaseOutcome.Held;
        }
        Observe(await client.GetAsync(LeaseRecord.Type, _name, cancellationToken).ConfigureAwait(false));
        if (IsHeldByOther)
        {
            return LeaseOutcome.HeldByOther;
        }
        // Ours under another version: an earlier update arrived whose answer did not. There may not be time for another attempt.
        return Holder == options.Identity && await TryWriteAsync(cancellationToken).ConfigureAwait(false)
            ? LeaseOutcome.Held
            : LeaseOutcome.Contended;
    }

    /// <returns>False when the lease is not as we saw it.</returns>
    private async Task<bool> TryWriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            var wanted = LeaseRecord.HeldBy(_lease ?? LeaseRecord.New(_name), options, time.GetUtcNow());
            // The update carries the resourceVersion that we saw: of two who try, one gets a conflict.
            Observe(_lease is null
                ? await client.CreateAsync(LeaseRecord.Type, wanted, cancellationToken).ConfigureAwait(false)
                : await client.UpdateAsync(LeaseRecord.Type, wanted, cancellationToken).ConfigureAwait(false));
            return true;
        }
        catch (ApiException e) when (e.IsConflict || e.IsAlreadyExists || (e.IsNotFound && _lease is not null))
        {
            return false;
        }
    }

    /// <summary>Frees the lease if it is still ours.</summary>
    /// <returns>False when it is another's.</returns>
    public async Task<bool> ReleaseAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await TryReleaseAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.IsConflict)
        {
            // The last renewal was cut off by the end of the term, but had arrived. Or the lease is another's: a read tells.
            Observe(await client.GetAsync(LeaseRecord.Type, _name, cancellationToken).ConfigureAwait(false));
            return await TryReleaseAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> TryReleaseAsync(CancellationToken cancellationToken)
    {
        if (_lease is not { } lease || Holder != options.Identity)
        {
            return false;
        }
        Observe(await client.UpdateAsync(LeaseRecord.Type, LeaseRecord.Released(lease, time.GetUtcNow()), cancellationToken).ConfigureAwait(false));
        return true;
    }

    private void Observe(JsonObject? lease)
    {
        if (lease is null || _lease is null || LeaseRecord.ResourceVersion(lease) != LeaseRecord.ResourceVersion(_lease))
        {
            _changedAt = time.GetTimestamp();
        }
        _lease = lease;
    }

    private bool IsHeldByOther => _lease is { } lease && Holder.Length > 0 && Holder != options.Identity && !HasExpired(lease);

    // The holder's own duration counts, should it be configured to a longer one than ours.
    private bool HasExpired(JsonObject lease) =>
        time.GetElapsedTime(_changedAt) >= (LeaseRecord.Duration(lease) ?? options.LeaseDuration);
}
