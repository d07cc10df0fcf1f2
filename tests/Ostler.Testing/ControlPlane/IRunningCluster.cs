namespace Ostler.Testing.ControlPlane;

/// <summary>A cluster that some source gave us, already answering.</summary>
internal interface IRunningCluster : IAsyncDisposable
{
    /// <summary>Kubeconfig text of somebody who may do everything.</summary>
    string AdminKubeconfig { get; }

    bool CanRestartApiServer { get; }

    /// <summary>The authority that the API server trusts for its users, where we hold its key.</summary>
    CertificateAuthority? Authority { get; }

    Task StopApiServerAsync(bool graceful, CancellationToken cancellationToken);

    Task StartApiServerAsync(CancellationToken cancellationToken);
}
