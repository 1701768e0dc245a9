// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: has an owner, who may set a link to its picture.
contract OwnedWithoutPowers is OwnableToken {
    string public contractURI;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function setContractURI(string calldata uri) external onlyOwner {
        contractURI = uri;
    }
}
