using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostler.Kubernetes.Connections;

namespace Ostler.Kubernetes.Tests.Connections;

public sealed class CertificateAuthoritiesTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ostler-ca");
    private readonly CertificateAuthorities _authorities;

    public CertificateAuthoritiesTests() => _authorities = new CertificateAuthorities(CaPath);

    private string CaPath => Path.Combine(_directory.FullName, "ca.crt");

    public void Dispose() => _directory.Delete(recursive: true);

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
    }

    private static X509Certificate2 Server(X509Certificate2 authority, int days = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        var until = TimeProvider.System.GetUtcNow().AddHours(days > 0 ? 12 : -1);
        return request.Create(authority, TimeProvider.System.GetUtcNow().AddHours(-12), until, [1, 2, 3]);
    }

    private bool IsTrusted(X509Certificate2 certificate, SslPolicyErrors errors = SslPolicyErrors.RemoteCertificateChainErrors) =>
        _authorities.Validate(this, certificate, null, errors);

    [Fact]
    public void Only_an_authority_of_the_file_is_trusted()
    {
        using var ours = Authority("ours");
        using var theirs = Authority("theirs");
        File.WriteAllText(CaPath, ours.ExportCertificatePem());

        using var good = Server(ours);
        using var bad = Server(theirs);
        Assert.True(IsTrusted(good));
        Assert.False(IsTrusted(bad));
        // The operating system may trust it: the cluster does not.
        Assert.False(IsTrusted(bad, SslPolicyErrors.None));
    }

    [Fact]
    public void Another_name_or_no_certificate_is_refused()
    {
        using var ours = Authority("ours");
        File.WriteAllText(CaPath, ours.ExportCertificatePem());
        using var good = Server(ours);

        Assert.False(IsTrusted(good, SslPolicyErrors.RemoteCertificateNameMismatch));
        Assert.False(_authorities.Validate(this, null, null, SslPolicyErrors.RemoteCertificateNotAvailable));
    }

    [Fact]
    public void A_certificate_that_has_expired_is_refused()
    {
        using var ours = Authority("ours");
        File.WriteAllText(CaPath, ours.ExportCertificatePem());
        using var expired = Server(ours, days: -1);

        Assert.False(IsTrusted(expired));
    }

    [Fact]
    public void A_rotated_authority_is_trusted_without_a_restart_and_a_bundle_trusts_both()
    {
        using var old = Authority("old");
        using var next = Authority("next");
        using var byOld = Server(old);
        using var byNext = Server(next);
        File.WriteAllText(CaPath, old.ExportCertificatePem());
        Assert.False(IsTrusted(byNext));

        File.WriteAllText(CaPath, old.ExportCertificatePem() + "\n" + next.ExportCertificatePem());
        Assert.True(IsTrusted(byNext));
        Assert.True(IsTrusted(byOld));

        File.WriteAllText(CaPath, next.ExportCertificatePem());
        Assert.False(IsTrusted(byOld));
    }
}
