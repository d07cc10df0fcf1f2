using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Ostler.Kubernetes.Connections;

/// <summary>Trusts a server whose certificate an authority of the file has signed, and no other authority.</summary>
/// <remarks>
/// The file is read for every new connection, which is rare: when a cluster's authority is rotated, agents that have run for months must
/// not lose their API server.
/// </remarks>
public sealed class CertificateAuthorities(string path)
{
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // Not even a chain that the system trusts passes unseen: the machine's own authorities have no say over the cluster.
        if (certificate is not X509Certificate2 presented || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            return false;
        }
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
            return IsSignedBy(authorities, presented, chain);
        }
        finally
        {
            foreach (var authority in authorities)
            {
                authority.Dispose();
            }
        }
    }

    /// <summary>
    /// Whether one of the authorities, and none of the system's, stands behind the certificate. Its name is not looked at.
    /// </summary>
    /// <param name="authorities">The only ones that count.</param>
    /// <param name="presented">The certificate.</param>
    /// <param name="sent">What the server sent beside it, of which intermediate ones are taken.</param>
    public static bool IsSignedBy(X509Certificate2Collection authorities, X509Certificate2 presented, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        foreach (var element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }
        return chain.Build(presented);
    }
}
