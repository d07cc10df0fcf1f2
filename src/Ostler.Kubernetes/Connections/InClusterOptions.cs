namespace Ostler.Kubernetes.Connections;

/// <summary>Where a pod finds its API server and its identity.</summary>
public sealed record InClusterOptions
{
    public const string DefaultServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Holds <c>token</c>, <c>ca.crt</c> and <c>namespace</c>. Default: where the kubelet mounts them.</summary>
    public string ServiceAccountDirectory { get; init; } = DefaultServiceAccountDirectory;

    /// <summary>The file of the token. Default: <c>token</c> in <see cref="ServiceAccountDirectory"/>.</summary>
    public string? TokenFile { get; init; }

    /// <summary>
    /// The file of the certificate authorities (PEM, one or more). Default: <c>ca.crt</c> in <see cref="ServiceAccountDirectory"/>.
    /// </summary>
    public string? CertificateAuthorityFile { get; init; }

    /// <summary>Default: https on <c>KUBERNETES_SERVICE_HOST</c> and <c>KUBERNETES_SERVICE_PORT</c>.</summary>
    public Uri? Server { get; init; }

    /// <summary>Default <c>ostler</c>.</summary>
    public string UserAgent { get; init; } = "ostler";

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal string TokenPath => TokenFile ?? Path.Combine(ServiceAccountDirectory, "token");

    internal string CertificateAuthorityPath => CertificateAuthorityFile ?? Path.Combine(ServiceAccountDirectory, "ca.crt");
}
