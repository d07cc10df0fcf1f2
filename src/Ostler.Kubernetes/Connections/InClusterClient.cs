using System.Globalization;
using System.Net.Security;
using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.Connections;

/// <summary>Connects as the service account of the pod. Uses nothing of KubernetesClient, for the sake of the agent's size.</summary>
public static class InClusterClient
{
    /// <summary>Is there a service account to use?</summary>
    public static bool IsAvailable(InClusterOptions? options = null)
    {
        options ??= new InClusterOptions();
        return (options.Server is not null || ServerFromEnvironment() is not null)
            && File.Exists(options.TokenPath)
            && File.Exists(options.CertificateAuthorityPath);
    }

    /// <summary>The namespace of the pod; null outside of a cluster.</summary>
    public static string? Namespace(InClusterOptions? options = null)
    {
        var path = Path.Combine((options ?? new InClusterOptions()).ServiceAccountDirectory, "namespace");
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    /// <exception cref="InvalidOperationException">This is not a pod with a service account; the message says what is missing.</exception>
    public static ApiClient Create(InClusterOptions? options = null, ApiClientOptions? clientOptions = null) =>
        new(CreateHttpClient(options), clientOptions);

    /// <summary>
    /// A client with base address, trust and bearer token. The kubelet replaces both files while the pod runs: they are read again.
    /// </summary>
    /// <exception cref="InvalidOperationException">This is not a pod with a service account; the message says what is missing.</exception>
    public static HttpClient CreateHttpClient(InClusterOptions? options = null)
    {
        options ??= new InClusterOptions();
        var server = options.Server ?? ServerFromEnvironment()
            ?? throw new InvalidOperationException("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod");
        if (!File.Exists(options.TokenPath))
        {
            throw new InvalidOperationException($"{options.TokenPath} does not exist: check automountServiceAccountToken");
        }
        var tls = new SslClientAuthenticationOptions();
        if (server.Scheme == Uri.UriSchemeHttps)
        {
            var authorities = new CertificateAuthorities(options.CertificateAuthorityPath);
            tls.RemoteCertificateValidationCallback = authorities.Validate;
        }
        var handler = new BearerTokenHandler(new TokenFile(options.TokenPath, options.TimeProvider))
        {
            InnerHandler = ApiTransport.CreateHandler(tls),
        };
        return ApiTransport.CreateClient(handler, server, options.UserAgent);
    }

    private static Uri? ServerFromEnvironment()
    {
        var host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        var port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        // UriBuilder puts an IPv6 address into brackets.
        return !string.IsNullOrEmpty(host) && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new UriBuilder(Uri.UriSchemeHttps, host, number).Uri
            : null;
    }
}
