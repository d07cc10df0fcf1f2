using System.Collections.Concurrent;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Informers;

namespace Ostler.Controller.OSImages;

/// <summary>Which images must be looked at again when something changed.</summary>
internal sealed class ImageKeys(Action<string> enqueue)
{
    // Kept here, because a handler must not read another informer's cache under its own informer's lock.
    private readonly ConcurrentDictionary<string, bool> _images = new();

    public void OnImage(InformerEvent<OSImage> change)
    {
        var name = change.Object.Metadata.Name;
        if (change.Type == InformerEventType.Deleted)
        {
            _images.TryRemove(name, out _);
        }
        else
        {
            _images[name] = true;
        }

        // A status is only ours; its write is no news.
        if (change.Type != InformerEventType.Updated
            || change.Old!.Metadata.Generation != change.New!.Metadata.Generation
            || OSImageReconciler.RefreshOf(change.Old) != OSImageReconciler.RefreshOf(change.New))
        {
            enqueue(name);
        }
    }

    /// <summary>A policy's failures put digests into quarantine, and its retries take them out, on whatever image has them.</summary>
    public void OnPolicy(InformerEvent<UpgradePolicy> change)
    {
        if (change.Type == InformerEventType.Updated
            && change.Old!.Metadata.Generation == change.New!.Metadata.Generation
            && Digests(change.Old).SequenceEqual(Digests(change.New)))
        {
            return;
        }

        foreach (var image in _images.Keys)
        {
            enqueue(image);
        }
    }

    private static IEnumerable<(string, DateTimeOffset)> Digests(UpgradePolicy policy) =>
        (policy.Status?.FailedDigests ?? []).Select(d => (d.Digest, d.At)).Order();
}
