using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ostler.Kubernetes.Client;
using k8s;
using k8s.Authentication;

namespace Ostler.Kubernetes.Connections;

/// <summary>
/// Connects as a kubeconfig says, by way of <see cref="KubernetesClientConfiguration"/> (certificates, tokens, exec plugins).
/// </summary>
/// <remarks>Apart from <see cref="ApiClient"/>, so that a program which does not use it does not link KubernetesClient.</remarks>
public static class KubeconfigClient
{
    /// <summary>The service account of the pod when there is one, otherwise a kubeconfig found as kubectl does.</summary>
    public static ApiClient CreateDefault(ApiClientOptions? options = null, string userAgent = "ostler") =>
        InClusterClient.IsAvailable()
            ? InClusterClient.Create(new InClusterOptions { UserAgent = userAgent }, options)
            : Create(options: options, userAgent: userAgent);

    /// <param name="path">Default: <c>KUBECONFIG</c>, otherwise <c>~/.kube/config</c>.</param>
    /// <param name="context">Default: the current context of the file.</param>
    /// <param name="options">Default: see <see cref="ApiClientOptions"/>.</param>
    /// <param name="userAgent">Default <c>ostler</c>.</param>
    public static ApiClient Create(string? path = null, string? context = null, ApiClientOptions? options = null, string userAgent = "ostler") =>
        Create(Load(path, context), options, userAgent);

    /// <summary>The namespace of the context; <c>default</c> where it names none.</summary>
    public static string Namespace(string? path = null, string? context = null) => Load(path, context).Namespace is { Length: > 0 } n ? n : "default";

    /// <summary>The name of the cluster of the current context; null where the file or the context has none.</summary>
    /// <param name="path">Default: <c>KUBECONFIG</c>, otherwise <c>~/.kube/config</c>.</param>
    public static string? ClusterName(string? path = null)
    {
        var file = KubernetesClientConfiguration.LoadKubeConfig(path ?? PathFromEnvironment());
        var context = file.Contexts?.FirstOrDefault(c => c.Name == file.CurrentContext);
        return context?.ContextDetails?.Cluster is { Length: > 0 } name ? name : null;
    }

    /// <summary>Connects with a configuration that the caller has loaded or made.</summary>
    public static ApiClient Create(KubernetesClientConfiguration configuration, ApiClientOptions? options = null, string userAgent = "ostler") =>
        new(CreateHttpClient(configuration, userAgent), options);

    private static KubernetesClientConfiguration Load(string? path, string? context) =>
        KubernetesClientConfiguration.BuildConfigFromConfigFile(path ?? PathFromEnvironment(), context);

    // KUBECONFIG may name several files; KubernetesClient takes one, and the first is where kubectl writes too.
    private static string? PathFromEnvironment() =>
        Environment.GetEnvironmentVariable("KUBECONFIG")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();

    private static HttpClient CreateHttpClient(KubernetesClientConfiguration configuration, string userAgent)
    {
        var tls = new SslClientAuthenticationOptions();
        if (!string.IsNullOrEmpty(configuration.TlsServerName))
        {
            tls.TargetHost = configuration.TlsServerName;
        }
        if (configuration.SkipTlsVerify)
        {
#pragma warning disable CA5359 // The kubeconfig says insecure-skip-tls-verify, and so does its owner.
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (configuration.SslCaCerts is { Count: > 0 } authorities)
        {
            tls.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                certificate is X509Certificate2 presented
                && (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) == 0
                && CertificateAuthorities.IsSignedBy(authorities, presented, chain);
        }
        if (ClientCertificate(configuration) is { } own)
        {
            tls.ClientCertificates = [own];
            // Without this the certificate is left out where the server names authorities that it does not chain up to.
            tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => own;
        }
        var transport = ApiTransport.CreateHandler(tls);
        HttpMessageHandler handler = Credentials(configuration) is { } credentials
            ? new CredentialsHandler(credentials) { InnerHandler = transport }
            : transport;
        return ApiTransport.CreateClient(handler, new Uri(configuration.Host), userAgent);
    }

    private static X509Certificate2? ClientCertificate(KubernetesClientConfiguration configuration)
    {
        var certificate = Pem(configuration.ClientCertificateData, configuration.ClientCertificateFilePath);
        var key = Pem(configuration.ClientCertificateKeyData, configuration.ClientKeyFilePath);
        return certificate is null || key is null ? null : X509Certificate2.CreateFromPem(certificate, key);
    }

    private static string? Pem(string? base64, string? path) =>
        !string.IsNullOrWhiteSpace(base64) ? Encoding.UTF8.GetString(Convert.FromBase64String(base64))
        : !string.IsNullOrWhiteSpace(path) ? File.ReadAllText(path)
        : null;

    private static Func<CancellationToken, Task<AuthenticationHeaderValue>>? Credentials(KubernetesClientConfiguration configuration)
    {
        if (configuration.TokenProvider is { } provider)
        {
            return provider.GetAuthenticationHeaderAsync;
        }
        if (!string.IsNullOrEmpty(configuration.AccessToken))
        {
            return new StringTokenProvider(configuration.AccessToken, "Bearer").GetAuthenticationHeaderAsync;
        }
        if (!string.IsNullOrEmpty(configuration.Username))
        {
            var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{configuration.Username}:{configuration.Password}"));
            return _ => Task.FromResult(new AuthenticationHeaderValue("Basic", basic));
        }
        return null;
    }

    private sealed class CredentialsHandler(Func<CancellationToken, Task<AuthenticationHeaderValue>> credentials) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Authorization = await credentials(cancellationToken).ConfigureAwait(false);
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }
}
