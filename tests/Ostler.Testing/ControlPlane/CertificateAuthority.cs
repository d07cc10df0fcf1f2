using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ostler.Testing.ControlPlane;

/// <summary>A certificate with its private key, both as PEM text.</summary>
public sealed record PemPair(string Certificate, string Key);

/// <summary>The authority of one cluster: signs its servers and its users, and is trusted by nothing else.</summary>
internal sealed class CertificateAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private readonly X509Certificate2 _authority;

    public CertificateAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ostler-test-ca", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));

        // An hour back, for machines whose clocks disagree.
        var now = TimeProvider.System.GetUtcNow().AddHours(-1);
        _authority = request.CreateSelfSigned(now, now + Lifetime);
    }

    public string CertificatePem => _authority.ExportCertificatePem();

    /// <summary>The private key, for the controller that signs CertificateSigningRequests.</summary>
    public string KeyPem
    {
        get
        {
            using var key = _authority.GetECDsaPrivateKey()!;
            return key.ExportECPrivateKeyPem();
        }
    }

    /// <summary>A server certificate for loopback and for the names that pods use for the API server.</summary>
    public PemPair IssueServer(string name, IPAddress serviceAddress)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        names.AddIpAddress(serviceAddress);
        foreach (var dns in (string[])["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"])
        {
            names.AddDnsName(dns);
        }

        return Issue(Subject(name, []), ServerAuthentication, names.Build());
    }

    /// <summary>A client certificate: Kubernetes reads the user from CN and the groups from O.</summary>
    public PemPair IssueClient(string user, IEnumerable<string> groups) => Issue(Subject(user, groups), ClientAuthentication, null);

    /// <summary>A key pair that signs service account tokens, as PEM.</summary>
    public static (string PrivateKey, string PublicKey) CreateTokenKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (key.ExportECPrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
    }

    /// <summary>A subject built part by part: a user name such as <c>system:node:a,b=c</c> must not be parsed as a name.</summary>
    public static X500DistinguishedName Subject(string commonName, IEnumerable<string> organizations)
    {
        var subject = new X500DistinguishedNameBuilder();
        foreach (var organization in organizations)
        {
            subject.AddOrganizationName(organization);
        }

        subject.AddCommonName(commonName);
        return subject.Build();
    }

    public void Dispose() => _authority.Dispose();

    private PemPair Issue(X500DistinguishedName subject, string usage, X509Extension? names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        if (names is not null)
        {
            request.CertificateExtensions.Add(names);
        }

        using var certificate = request.Create(_authority, _authority.NotBefore, _authority.NotAfter, RandomNumberGenerator.GetBytes(16));
        return new(certificate.ExportCertificatePem(), key.ExportECPrivateKeyPem());
    }
}
