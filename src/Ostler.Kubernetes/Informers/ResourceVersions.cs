using System.Globalization;

namespace Ostler.Kubernetes.Informers;

/// <summary>The order of resource versions.</summary>
/// <remarks>
/// The API conventions long called them opaque, to be compared for equality only. They are nevertheless the revision of etcd:
/// kube-apiserver itself parses them as integers and orders by them, for everything that it stores (built-in types and custom
/// resources), and since Kubernetes 1.35 this order is part of the API for clients too. We use it only to discard what is
/// strictly older than what we have of the same object. Should a server (an aggregated one) have other
/// versions, nothing is discarded and the later message wins, as without <see cref="Informer{T}.Absorb"/>. The order holds within one
/// history only: a list or a quorum read that is older than what was known before it was asked for comes from a server that was restored
/// from a backup, and wins.
/// </remarks>
public static class ResourceVersions
{
    /// <summary>True only if both are numbers and <paramref name="left"/> is the smaller.</summary>
    public static bool IsOlder(string left, string right) =>
        TryParse(left, out var l) && TryParse(right, out var r) && l < r;

    /// <summary>True only if both are numbers and <paramref name="left"/> is not the larger.</summary>
    public static bool IsAtMost(string left, string right) =>
        TryParse(left, out var l) && TryParse(right, out var r) && l <= r;

    private static bool TryParse(string? version, out ulong value) =>
        ulong.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
