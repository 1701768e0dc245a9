// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// Says who may sell a token.
contract SellerRegistry {
    address private immutable keeper;
    bool private open = true;

    constructor(address keeper_) {
        keeper = keeper_;
    }

    function setOpen(bool open_) external {
        require(msg.sender == keeper, "not the keeper");
        open = open_;
    }

    function maySell(address) external view returns (bool) {
        return open;
    }
}
