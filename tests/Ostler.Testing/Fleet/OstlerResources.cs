using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Client;

namespace Ostler.Testing.Fleet;

/// <summary>Ostler's resources as a user's client sees them; declared anew, so that a slip in the controller's own table shows.</summary>
public static class OstlerResources
{
    public static ResourceType<OSImage> OSImages { get; } =
        new(OstlerApi.Group, OstlerApi.Version, "osimages", "OSImage", namespaced: false, OstlerJson.Default.OSImage, i => MetaOf(i.Metadata));

    public static ResourceType<UpgradePolicy> UpgradePolicies { get; } =
        new(OstlerApi.Group, OstlerApi.Version, "upgradepolicies", "UpgradePolicy", namespaced: false, OstlerJson.Default.UpgradePolicy, p => MetaOf(p.Metadata));

    public static ResourceType<NodeOS> NodeOSes { get; } =
        new(OstlerApi.Group, OstlerApi.Version, "nodeoses", "NodeOS", namespaced: false, OstlerJson.Default.NodeOS, n => MetaOf(n.Metadata));

    private static ResourceMeta MetaOf(ObjectMeta meta) => new(
        "", meta.Name, meta.Uid ?? "", meta.ResourceVersion ?? "", meta.Generation, meta.DeletionTimestamp, meta.Labels, meta.Annotations);
}
