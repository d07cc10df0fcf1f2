using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using k8s;
using k8s.Models;

namespace Ostler.Testing.ControlPlane;

/// <content>Credentials for anybody.</content>
public sealed partial class TestCluster
{
    private static readonly TimeSpan SigningTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A client of ours, for the administrator or for the user of a kubeconfig. To be disposed by the caller.</summary>
    public ApiClient CreateApiClient(string? kubeconfigPath = null, ApiClientOptions? options = null) =>
        KubeconfigClient.Create(kubeconfigPath ?? KubeconfigPath, options: options, userAgent: "ostler-tests");

    /// <summary>The path of a kubeconfig for a user with a client certificate.</summary>
    /// <param name="user">The user name, for example <c>system:node:worker-1</c>.</param>
    /// <param name="groups">The groups, for example <c>system:nodes</c>.</param>
    /// <param name="cancellationToken">Ends the wait for the signature.</param>
    /// <remarks>Where the authority's key is not ours, the certificate is requested from the cluster. Signers of such requests refuse
    /// the group <c>system:masters</c>.</remarks>
    public async Task<string> UserKubeconfigAsync(string user, IEnumerable<string> groups, CancellationToken cancellationToken = default)
    {
        var pair = await UserCertificateAsync(user, groups, cancellationToken).ConfigureAwait(false);
        return WriteKubeconfig(Kubeconfig.ForCertificate(Server, CertificateAuthorityPem(), user, pair));
    }

    /// <summary>A client certificate for a user, as a kubelet has one for its node.</summary>
    public async Task<PemPair> UserCertificateAsync(string user, IEnumerable<string> groups, CancellationToken cancellationToken = default) =>
        _running.Authority?.IssueClient(user, groups) ?? await RequestCertificateAsync(user, groups, cancellationToken).ConfigureAwait(false);

    /// <summary>The path of a kubeconfig for a service account, with a token that expires.</summary>
    /// <inheritdoc cref="ServiceAccountTokenAsync"/>
    public async Task<string> ServiceAccountKubeconfigAsync(
        string ns, string name, V1Pod? boundTo = null, TimeSpan? lifetime = null, CancellationToken cancellationToken = default)
    {
        var token = await ServiceAccountTokenAsync(ns, name, boundTo, lifetime, cancellationToken).ConfigureAwait(false);
        return WriteKubeconfig(Kubeconfig.ForToken(Server, CertificateAuthorityPem(), name, token, ns));
    }

    /// <summary>A token of a service account, from the API server's TokenRequest, as a kubelet gets it for a pod.</summary>
    /// <param name="ns">The namespace of the service account.</param>
    /// <param name="name">Its name.</param>
    /// <param name="boundTo">A pod that runs under the service account: the token ends with it, and from 1.30 on names its node.</param>
    /// <param name="lifetime">Default one hour; the API server refuses less than ten minutes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<string> ServiceAccountTokenAsync(
        string ns, string name, V1Pod? boundTo = null, TimeSpan? lifetime = null, CancellationToken cancellationToken = default)
    {
        var request = new Authenticationv1TokenRequest
        {
            ApiVersion = "authentication.k8s.io/v1",
            Kind = "TokenRequest",
            Spec = new V1TokenRequestSpec
            {
                // None named: the API server's own.
                Audiences = [],
                ExpirationSeconds = (long)(lifetime ?? TimeSpan.FromHours(1)).TotalSeconds,
                BoundObjectRef = boundTo is null
                    ? null
                    : new V1BoundObjectReference { ApiVersion = "v1", Kind = "Pod", Name = boundTo.Metadata.Name, Uid = boundTo.Metadata.Uid },
            },
        };
        var answer = await _admin.CoreV1.CreateNamespacedServiceAccountTokenAsync(request, name, ns, cancellationToken: cancellationToken).ConfigureAwait(false);
        return answer.Status.Token;
    }

    /// <summary>The certificate of the authority that signed the API server's, in PEM.</summary>
    public string AuthorityPem => CertificateAuthorityPem();

    private string WriteKubeconfig(Kubeconfig kubeconfig) =>
        _folder.Write($"kubeconfig/user-{Interlocked.Increment(ref _names)}", kubeconfig.ToString());

    private string CertificateAuthorityPem()
    {
        if (_running.Authority is { } authority)
        {
            return authority.CertificatePem;
        }

        var trusted = KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeconfigPath).SslCaCerts
            ?? throw new NotSupportedException($"The kubeconfig of {Description} names no certificate authority.");
        return string.Join('\n', trusted.Select(c => c.ExportCertificatePem()));
    }

    /// <summary>Asks the cluster to sign, approves, and waits for its signer: works wherever a controller manager has the key.</summary>
    private async Task<PemPair> RequestCertificateAsync(string user, IEnumerable<string> groups, CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(CertificateAuthority.Subject(user, groups), key, HashAlgorithmName.SHA256);
        var signing = new V1CertificateSigningRequest
        {
            Metadata = new V1ObjectMeta { Name = UniqueName("ostler-test") },
            Spec = new V1CertificateSigningRequestSpec
            {
                Request = Encoding.ASCII.GetBytes(request.CreateSigningRequestPem()),
                SignerName = "kubernetes.io/kube-apiserver-client",
                Usages = ["client auth", "digital signature"],
            },
        };
        signing = await _admin.CertificatesV1.CreateCertificateSigningRequestAsync(signing, cancellationToken: cancellationToken).ConfigureAwait(false);
        try
        {
            signing.Status = new V1CertificateSigningRequestStatus
            {
                Conditions = [new() { Type = "Approved", Status = "True", Reason = "OstlerTest", Message = "A test asked for this user." }],
            };
            await _admin.CertificatesV1.ReplaceCertificateSigningRequestApprovalAsync(signing, signing.Metadata.Name, cancellationToken: cancellationToken).ConfigureAwait(false);
            var certificate = await Eventually.GetAsync(
                $"the certificate of {user} is signed",
                async token => (await _admin.CertificatesV1.ReadCertificateSigningRequestAsync(signing.Metadata.Name, cancellationToken: token).ConfigureAwait(false)).Status?.Certificate,
                SigningTimeout,
                cancellationToken).ConfigureAwait(false);
            return new(Encoding.ASCII.GetString(certificate), key.ExportECPrivateKeyPem());
        }
        finally
        {
            await _admin.CertificatesV1.DeleteCertificateSigningRequestAsync(signing.Metadata.Name, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
    }
}
