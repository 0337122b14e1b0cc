//! Ways to log in, each on a server that takes nobody else.

use crate::support::{Daemon, World, decile};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use decile::bus::private::{PrivateServer, find};
use nkeys::KeyPair;
use serde_json::{Value, json};

fn server(config: &str) -> (PrivateServer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server.conf");
    std::fs::write(&file, config).unwrap();
    (PrivateServer::start_with(&find().unwrap(), &["-c", file.to_str().unwrap()]).unwrap(), folder)
}

/// Without the login the server takes nobody: so it was the login.
async fn assert_closed(server: &PrivateServer, tls: &str) {
    let mut nobody = Daemon::create(&World::on(server).bus(tls));
    assert_eq!(nobody.wait_exit().await.code(), Some(78), "{}", nobody.log());
}

#[tokio::test]
async fn by_user_and_password() {
    let (server, _folder) = server("authorization { users = [{ user: ada, password: \"s3cret word\" }] }");
    assert_closed(&server, "").await;
    let world = World::on(&server);
    world.write("password", "s3cret word\n");
    let daemon = Daemon::ready(&world.bus("user = \"ada\"\npassword_file = \"password\"\n")).await;
    assert!(!daemon.log().contains("s3cret"), "no log has the password");
}

#[tokio::test]
async fn by_user_flag_and_password_in_the_environment() {
    let (server, _folder) = server("authorization { users = [{ user: ada, password: secret }] }");
    let world = World::on(&server);
    let mut command = decile();
    command.args(["run", "--create", "--user", "ada", "--config", &world.config()]).env("NATS_PASSWORD", "secret");
    Daemon::spawn(command).wait_ready().await;
}

#[tokio::test]
async fn by_nkey() {
    let user = KeyPair::new_user();
    let (server, _folder) = server(&format!("authorization {{ users = [{{ nkey: {} }}] }}", user.public_key()));
    assert_closed(&server, "").await;
    let world = World::on(&server);
    world.write("user.nk", user.seed().unwrap());
    Daemon::ready(&world.bus("nkey_file = \"user.nk\"\n")).await;
}

#[tokio::test]
async fn by_a_token_in_a_context_of_the_nats_tool() {
    let (server, folder) = server("authorization { token: \"s3cret\" }");
    assert_closed(&server, "").await;
    let contexts = folder.path().join("nats/context");
    std::fs::create_dir_all(&contexts).unwrap();
    let context = json!({ "description": "a test", "url": server.url(), "token": "s3cret", "socks_proxy": "" });
    std::fs::write(contexts.join("here.json"), context.to_string()).unwrap();
    // The context's address wins over the file's, where nobody answers.
    let world = World::offline();
    let mut command = decile();
    command.args(["run", "--create", "--context", "here", "--config", &world.config()]);
    command.env("XDG_CONFIG_HOME", folder.path());
    Daemon::spawn(command).wait_ready().await;
}

/// A JWT of NATS: its header, its claims, signed by an nkey.
fn jwt(signer: &KeyPair, subject: &KeyPair, name: &str, nats: Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let claims = json!({ "jti": name, "iat": 1_700_000_000, "iss": signer.public_key(), "name": name,
        "sub": subject.public_key(), "nats": nats });
    let signed = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
    let signature = signer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", BASE64.encode(signature))
}

#[tokio::test]
async fn by_credentials_file() {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let without_jetstream = json!({ "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1,
        "wildcards": true, "conn": -1, "leaf": -1 });
    let mut limits = without_jetstream.clone();
    for name in ["mem_storage", "disk_storage", "streams", "consumer"] {
        limits[name] = json!(-1);
    }
    let system = KeyPair::new_account();
    let operator_claims = json!({ "type": "operator", "version": 2, "system_account": system.public_key() });
    let operator_jwt = jwt(&operator, &operator, "operator", operator_claims);
    let system_jwt =
        jwt(&operator, &system, "system", json!({ "type": "account", "version": 2, "limits": without_jetstream }));
    let account_claims = json!({ "type": "account", "version": 2, "limits": limits });
    let account_jwt = jwt(&operator, &account, "account", account_claims);
    let user_claims =
        json!({ "type": "user", "version": 2, "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1 });
    let user_jwt = jwt(&account, &user, "user", user_claims);
    let (server, _folder) = server(&format!(
        "operator: {operator_jwt}\nresolver: MEMORY\nsystem_account: {sys}\n\
         resolver_preload: {{ {sys}: {system_jwt}, {own}: {account_jwt} }}\n",
        sys = system.public_key(),
        own = account.public_key()
    ));
    assert_closed(&server, "").await;
    let world = World::on(&server);
    let seed = user.seed().unwrap();
    world.write(
        "user.creds",
        format!(
            "-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        ),
    );
    Daemon::ready(&world.bus("creds_file = \"user.creds\"\n")).await;
}

#[tokio::test]
async fn by_certificates_of_an_authority_of_ones_own() {
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::<String>::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::from_params(&ca, &ca_key);
    let issue = |purpose: ExtendedKeyUsagePurpose| {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
    };
    let (server_cert, server_key) = issue(ExtendedKeyUsagePurpose::ServerAuth);
    let (client_cert, client_key) = issue(ExtendedKeyUsagePurpose::ClientAuth);
    let files = tempfile::tempdir().unwrap();
    for (name, text) in [("ca.pem", ca_cert.pem()), ("cert.pem", server_cert), ("key.pem", server_key)] {
        std::fs::write(files.path().join(name), text).unwrap();
    }
    let at = |name: &str| files.path().join(name).to_string_lossy().into_owned();
    let (ca, cert, key) = (at("ca.pem"), at("cert.pem"), at("key.pem"));
    let (server, _folder) =
        server(&format!("tls {{ cert_file: \"{cert}\", key_file: \"{key}\", ca_file: \"{ca}\", verify: true }}"));

    let world = World::on(&server);
    for (name, text) in [("ca.pem", ca_cert.pem()), ("client.pem", client_cert), ("client.key", client_key)] {
        world.write(name, text);
    }
    let keys = "tls_required = true\ntls_ca_file = \"ca.pem\"\ntls_cert_file = \"client.pem\"\ntls_key_file = \"client.key\"\n";
    Daemon::ready(&world.bus(keys)).await;
}

#[tokio::test]
async fn a_certificate_of_a_strange_authority_is_not_trusted() {
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let at = |name: &str| files.path().join(name).to_string_lossy().into_owned();
    std::fs::write(at("cert.pem"), own.cert.pem()).unwrap();
    std::fs::write(at("key.pem"), own.signing_key.serialize_pem()).unwrap();
    let (server, _folder) =
        server(&format!("tls {{ cert_file: \"{}\", key_file: \"{}\" }}", at("cert.pem"), at("key.pem")));
    let daemon = Daemon::create(&World::on(&server).bus("tls_required = true\n"));
    daemon.wait_log("certificate").await;
    assert!(!daemon.log().contains("connected\n") && !daemon.log().contains(" ready"), "{}", daemon.log());
}
