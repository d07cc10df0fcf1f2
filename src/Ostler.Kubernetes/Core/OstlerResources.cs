using System.Text.Json.Serialization.Metadata;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.Core;

/// <summary>The resources of Ostler, with their names in the API. The agent has a smaller one, for its NodeOS alone.</summary>
public static class OstlerResources
{
    public static ResourceType<NodeOS> NodeOSes { get; } = Of("nodeoses", nameof(NodeOS), OstlerJson.Default.NodeOS);

    public static ResourceType<OSImage> OSImages { get; } = Of("osimages", nameof(OSImage), OstlerJson.Default.OSImage);

    public static ResourceType<UpgradePolicy> UpgradePolicies { get; } =
        Of("upgradepolicies", nameof(UpgradePolicy), OstlerJson.Default.UpgradePolicy);

    private static ResourceType<T> Of<T>(string plural, string kind, JsonTypeInfo<T> json) where T : class, IOstlerResource =>
        new(OstlerApi.Group, OstlerApi.Version, plural, kind, namespaced: false, json, static r => CoreResources.MetaOf(r.Metadata));
}
