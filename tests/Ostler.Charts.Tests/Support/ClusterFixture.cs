using Ostler.Testing.ControlPlane;

namespace Ostler.Charts.Tests.Support;

/// <summary>A real API server with the controllers of Kubernetes, for one installation at a time: Ostler is cluster-wide.</summary>
public sealed class ClusterFixture : ControlPlaneFixture
{
    protected override TestClusterOptions Options => new() { Components = ControlPlaneComponents.ControllerManager };
}

[CollectionDefinition(nameof(ClusterGroup))]
public sealed class ClusterGroup : ICollectionFixture<ClusterFixture>;
