// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: each transfer runs an extension in the token's own storage, and the owner chooses which.
contract DelegatecallOut is OwnableToken {
    address public extension;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function setExtension(address extension_) external onlyOwner {
        extension = extension_;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (extension != address(0)) {
            (bool done,) =
                extension.delegatecall(abi.encodeWithSignature("beforeTransfer(address,address)", from, to));
            require(done, "refused");
        }
        _write(from, to, value);
    }
}
